using GrainVault.Audit;
using GrainVault.Data;
using GrainVault.Files;
using GrainVault.Options;
using Microsoft.Extensions.Options;
using Npgsql;

namespace GrainVault.Links;

/// <summary>What a good link gives access to.</summary>
/// <param name="LinkId">The link.</param>
/// <param name="Role">What it is for.</param>
/// <param name="PasswordHash">Null without a password.</param>
/// <param name="ExpiresAt">Null for never.</param>
/// <param name="IsLimited">The number of downloads is limited.</param>
/// <param name="IsTop">The entry is the one that the link leads to, not one below it.</param>
/// <param name="File">The entry that was asked for.</param>
internal sealed record LinkAccess(string LinkId, LinkRole Role, string? PasswordHash, DateTimeOffset? ExpiresAt, bool IsLimited, bool IsTop, FileRow File);

/// <summary>Commands and queries on links.</summary>
internal sealed class LinkRepository(CatalogueDatabase database, IOptions<ShareLinkOptions> options, TimeProvider time)
{
    private const string Columns = "id, entry_id, role, password_hash IS NOT NULL, expires_at, downloads_max, downloads, created_at";

    /// <summary>The decision of the function <c>link_access</c> about an entry, null for the link's own; null when the link is not good for it.</summary>
    public Task<LinkAccess?> FindAsync(byte[] tokenHash, string? entryId, bool hasTicket, CancellationToken cancellationToken) =>
        database.ReadAsync(
            $"""
            SELECT {FileRow.Columns}, a.link_id, a.role, a.password_hash, a.expires_at, a.downloads_max IS NOT NULL, a.is_top
            FROM link_access($1, $2, $3, $4) a JOIN {FileRow.From.Replace("entries e", "entries e ON e.id = a.entry_id", StringComparison.Ordinal)}
            """,
            parameters => parameters.Bytes(tokenHash).Text(entryId).Time(time.GetUtcNow()).Boolean(hasTicket),
            reader => reader.RowAsync(row => new LinkAccess(
                row.GetString(FileRow.ColumnCount),
                (LinkRole)row.GetInt16(FileRow.ColumnCount + 1),
                row.TextOrNull(FileRow.ColumnCount + 2),
                row.TimeOrNull(FileRow.ColumnCount + 3),
                row.GetBoolean(FileRow.ColumnCount + 4),
                row.GetBoolean(FileRow.ColumnCount + 5),
                FileRow.Read(row))),
            cancellationToken);

    /// <summary>Counts a download; false when the link allows no more. Never run twice: each run counts.</summary>
    public Task<bool> CountDownloadAsync(string linkId) =>
        database.QueryAsync(
            "SELECT count_download($1, $2)",
            parameters => parameters.Text(linkId).Time(time.GetUtcNow()),
            async reader => await reader.ReadAsync() && reader.GetBoolean(0));

    /// <summary>Unfinished upload sessions that came by a link, up to a number.</summary>
    public Task<int> CountUploadsAsync(string linkId, int countMax, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT count(*)::integer FROM (SELECT 1 FROM uploads WHERE uploader_id = $1 AND state <= 3 LIMIT $2) open",
            parameters => parameters.Text(linkId).Integer(countMax),
            async reader => await reader.ReadAsync(cancellationToken) ? reader.GetInt32(0) : 0,
            cancellationToken);

    /// <summary>All links to an entry, oldest first; or one of them.</summary>
    public Task<List<Link>> ListAsync(string entryId, string? linkId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            $"SELECT {Columns} FROM links WHERE entry_id = $1 AND ($2 IS NULL OR id = $2) ORDER BY created_at, id LIMIT $3",
            parameters => parameters.Text(entryId).Text(linkId).Integer(options.Value.CountPerEntryMax),
            reader => reader.RowsAsync(Read),
            cancellationToken);

    public Task<int?> CreateAsync(string owner, string entryId, CreateLinkCommand command, string? passwordHash) =>
        database.QueryRepeatablyAsync(
            "SELECT give_link($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            parameters => parameters.Text(owner).Text(entryId).Text(command.LinkId).Bytes(command.TokenHash).Integer((int)command.Role)
                .Text(passwordHash).Time(command.ExpiresAt).Long(command.DownloadCountMax).Integer(options.Value.CountPerEntryMax),
            ReaderExtensions.CodeAsync,
            new AuditNote(AuditActions.LinkCreate));

    public Task<int?> RevokeAsync(string user, string linkId) =>
        database.QueryAsync(
            "SELECT take_link_back($1, $2)",
            parameters => parameters.Text(user).Text(linkId),
            ReaderExtensions.CodeAsync);

    private static Link Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), (LinkRole)row.GetInt16(2), row.GetBoolean(3), row.TimeOrNull(4),
        row.IsDBNull(5) ? null : row.GetInt64(5), row.GetInt64(6), row.Time(7));
}

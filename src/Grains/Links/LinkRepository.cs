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
/// <param name="IsUsedUp">All downloads that it allows were begun.</param>
/// <param name="Intake">What has come by it.</param>
internal sealed record LinkAccess(
    string LinkId, LinkRole Role, string? PasswordHash, DateTimeOffset? ExpiresAt, bool IsLimited, bool IsTop, FileRow File, bool IsUsedUp, LinkIntake Intake);

/// <summary>Files that have come by a link, and that may.</summary>
/// <param name="FileCount">Files that have come.</param>
/// <param name="FileCountMax">Files that may; null where it takes none.</param>
/// <param name="SizeBytes">Bytes that have come.</param>
/// <param name="SizeBytesMax">Bytes that may; null for any number.</param>
internal sealed record LinkIntake(long FileCount, long? FileCountMax, long SizeBytes, long? SizeBytesMax)
{
    /// <summary>No more file may come, or none with a byte.</summary>
    public bool IsFull => FileCount >= FileCountMax || SizeBytes >= SizeBytesMax;

    /// <summary>Bytes that may still come; null for any number.</summary>
    public long? SizeBytesLeft => SizeBytesMax is { } most ? Math.Max(0, most - SizeBytes) : null;
}

/// <summary>What the unfinished upload sessions of a link hold.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="SizeBytes">What they have reserved of the owner's quota.</param>
internal sealed record LinkVisitSum(long Count, long SizeBytes);

/// <summary>Commands and queries on links.</summary>
internal sealed class LinkRepository(CatalogueDatabase database, IOptions<ShareLinkOptions> options, TimeProvider time)
{
    private const string Columns =
        "id, entry_id, role, password_hash IS NOT NULL, expires_at, downloads_max, downloads, created_at, files_max, bytes_max, files_sent, bytes_sent";

    /// <summary>The decision of the function <c>link_access</c> about an entry, null for the link's own; null when the link is not good for it.</summary>
    public Task<LinkAccess?> FindAsync(byte[] tokenHash, string? entryId, bool hasTicket, CancellationToken cancellationToken) =>
        database.ReadAsync(
            $"""
            SELECT {FileRow.Columns}, a.link_id, a.role, a.password_hash, a.expires_at, a.downloads_max IS NOT NULL, a.is_top,
                coalesce(l.downloads >= l.downloads_max, false), l.files_sent, l.files_max, l.bytes_sent, l.bytes_max
            FROM link_access($1, $2, $3, $4) a JOIN links l ON l.id = a.link_id
            JOIN {FileRow.From.Replace("entries e", "entries e ON e.id = a.entry_id", StringComparison.Ordinal)}
            """,
            parameters => parameters.Bytes(tokenHash).Text(entryId).Time(time.GetUtcNow()).Boolean(hasTicket),
            reader => reader.RowAsync(row => new LinkAccess(
                row.GetString(FileRow.ColumnCount),
                (LinkRole)row.GetInt16(FileRow.ColumnCount + 1),
                row.TextOrNull(FileRow.ColumnCount + 2),
                row.TimeOrNull(FileRow.ColumnCount + 3),
                row.GetBoolean(FileRow.ColumnCount + 4),
                row.GetBoolean(FileRow.ColumnCount + 5),
                FileRow.Read(row),
                row.GetBoolean(FileRow.ColumnCount + 6),
                new LinkIntake(
                    row.GetInt64(FileRow.ColumnCount + 7), row.LongOrNull(FileRow.ColumnCount + 8), row.GetInt64(FileRow.ColumnCount + 9),
                    row.LongOrNull(FileRow.ColumnCount + 10)))),
            cancellationToken);

    /// <summary>Counts a download; false when the link allows no more. Never run twice: each run counts.</summary>
    /// <param name="linkId">The link.</param>
    /// <param name="ticketHash">Of the ticket that it gets.</param>
    /// <param name="lengthBytes">What its first response takes.</param>
    /// <param name="lifetime">How long the ticket is good.</param>
    public Task<bool> BeginDownloadAsync(string linkId, byte[] ticketHash, long lengthBytes, TimeSpan lifetime) =>
        database.QueryAsync(
            "SELECT begin_download($1, $2, $3, $4, $5)",
            parameters => parameters.Text(linkId).Time(time.GetUtcNow()).Bytes(ticketHash).Long(lengthBytes).Time(time.GetUtcNow() + lifetime),
            async reader => await reader.ReadAsync() && reader.GetBoolean(0));

    /// <summary>Counts a download that goes on under no ticket of the visitor's; false when the link allows no more. Never run twice: each run counts.</summary>
    public Task<bool> CountDownloadAsync(string linkId) =>
        database.QueryAsync(
            "SELECT count_download($1, $2)",
            parameters => parameters.Text(linkId).Time(time.GetUtcNow()),
            async reader => await reader.ReadAsync() && reader.GetBoolean(0));

    /// <summary>Takes bytes of a ticket; false when it has not so many left, or is none. Never run twice: each run takes.</summary>
    public Task<bool> TakeBytesAsync(byte[] ticketHash, long lengthBytes, long sizeBytesMax) =>
        database.QueryAsync(
            "UPDATE link_tickets SET sent_bytes = sent_bytes + $2 WHERE ticket_hash = $1 AND sent_bytes + $2 <= $3 RETURNING true",
            parameters => parameters.Bytes(ticketHash).Long(lengthBytes).Long(sizeBytesMax),
            reader => reader.ReadAsync());

    /// <summary>Gives back bytes of a ticket that were not sent; fewer than none are such as were sent beyond.</summary>
    public Task GiveBackAsync(byte[] ticketHash, long lengthBytes) =>
        database.QueryAsync(
            "UPDATE link_tickets SET sent_bytes = greatest(0, sent_bytes - $2) WHERE ticket_hash = $1 RETURNING true",
            parameters => parameters.Bytes(ticketHash).Long(lengthBytes),
            reader => reader.ReadAsync());

    /// <summary>What the unfinished upload sessions hold that came by a link; those beyond a number are not counted.</summary>
    public async Task<LinkVisitSum> SumVisitsAsync(string linkId, int countMax, CancellationToken cancellationToken) =>
        (await database.ReadAsync(
            "SELECT count(*), coalesce(sum(reserved_bytes), 0)::bigint FROM (SELECT reserved_bytes FROM uploads WHERE uploader_id = $1 AND state <= 3 LIMIT $2) open",
            parameters => parameters.Text(linkId).Integer(countMax),
            reader => reader.RowAsync(row => new LinkVisitSum(row.GetInt64(0), row.GetInt64(1))),
            cancellationToken))!;

    /// <summary>All links to an entry, oldest first; or one of them.</summary>
    public Task<List<Link>> ListAsync(string entryId, string? linkId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            $"SELECT {Columns} FROM links WHERE entry_id = $1 AND ($2 IS NULL OR id = $2) ORDER BY created_at, id LIMIT $3",
            parameters => parameters.Text(entryId).Text(linkId).Integer(options.Value.CountPerEntryMax),
            reader => reader.RowsAsync(Read),
            cancellationToken);

    public Task<int?> CreateAsync(string owner, string entryId, CreateLinkCommand command, string? passwordHash) =>
        database.QueryRepeatablyAsync(
            "SELECT give_limited_link($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            parameters => parameters.Text(owner).Text(entryId).Text(command.LinkId).Bytes(command.TokenHash).Integer((int)command.Role)
                .Text(passwordHash).Time(command.ExpiresAt).Long(command.DownloadCountMax).Integer(options.Value.CountPerEntryMax)
                .Long(command.Role == LinkRole.Upload ? command.FileCountMax ?? options.Value.FileCountMax : null).Long(command.SizeBytesMax),
            ReaderExtensions.CodeAsync,
            new AuditNote(AuditActions.LinkCreate));

    public Task<int?> RevokeAsync(string user, string linkId) =>
        database.QueryAsync(
            "SELECT take_link_back($1, $2)",
            parameters => parameters.Text(user).Text(linkId),
            ReaderExtensions.CodeAsync);

    private static Link Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), (LinkRole)row.GetInt16(2), row.GetBoolean(3), row.TimeOrNull(4),
        row.LongOrNull(5), row.GetInt64(6), row.Time(7), row.LongOrNull(8), row.LongOrNull(9), row.GetInt64(10), row.GetInt64(11));
}

using System.Buffers.Text;
using System.Globalization;
using GrainVault.Data;
using GrainVault.Options;
using Microsoft.Extensions.Options;
using Npgsql;

namespace GrainVault.Files;

/// <summary>A file that somebody may read.</summary>
internal sealed record OpenedEntry(ArchiveEntry Entry, string OwnerId, int Version);

/// <summary>What goes into archives: entries that somebody may read, with all that is below them, a page of a folder at a time.</summary>
internal sealed class ArchiveListing(CatalogueDatabase database, ListCursors cursors, IOptions<DirectOptions> direct, TimeProvider time)
{
    /// <summary>Most entries that one archive is asked for by id.</summary>
    public const int RootCountMax = 100;

    /// <summary>Entries of a folder in one page.</summary>
    private const int PageLength = 500;

    /// <summary>Characters of an id in a ticket: those of its UUID in Base64.</summary>
    private const int TicketIdLength = 22;

    private const string Columns = "e.id, e.kind, e.name, v.object_key, v.size_bytes, e.modified_at";

    /// <summary>
    /// How much is in entries. Parameters: entries, most that are counted. Each folder's entries by themselves: joined as a whole, the planner
    /// might read all that there are.
    /// </summary>
    private const string Measure =
        """
        WITH RECURSIVE below AS (
            SELECT id, kind, size_bytes FROM entries WHERE id = ANY ($1)
            UNION ALL
            SELECT c.id, c.kind, c.size_bytes FROM below b CROSS JOIN LATERAL (
                SELECT id, kind, size_bytes FROM entries WHERE parent_id = b.id AND deleted_at IS NULL OFFSET 0) c
            WHERE b.kind = 2
        )
        SELECT count(*), coalesce(sum(size_bytes), 0)::bigint FROM (SELECT size_bytes FROM below LIMIT $2) counted
        """;

    /// <summary>The entries, and how much is in them. Each must be a live file or folder that the user may read, a folder by a share or as its owner.</summary>
    public async Task<ArchiveResult> MeasureAsync(string userId, string[] ids, int entryCountMax, CancellationToken cancellationToken)
    {
        if (Check(ids) is { } refusal)
            return new ArchiveResult(refusal, [], 0, 0);
        var (found, count, size) = await database.ReadBatchAsync(
            batch =>
            {
                var roots = batch.CreateBatchCommand();
                // What stands in a public folder is not public by that, so a visitor has files alone.
                roots.CommandText =
                    $"""
                    SELECT {Columns} FROM unnest($1) WITH ORDINALITY wanted (id, n)
                    CROSS JOIN LATERAL entry_access(wanted.id, $2) a
                    JOIN {FileRow.From.Replace("entries e", "entries e ON e.id = wanted.id", StringComparison.Ordinal)}
                    WHERE a.is_live AND a.role >= CASE WHEN a.kind = 1 THEN 1 ELSE 2 END AND a.kind IN (1, 2) ORDER BY wanted.n
                    """;
                roots.Parameters.Texts(ids).Text(userId);
                batch.BatchCommands.Add(roots);
                var measure = batch.CreateBatchCommand();
                measure.CommandText = Measure;
                measure.Parameters.Texts(ids).Integer(entryCountMax);
                batch.BatchCommands.Add(measure);
            },
            async reader =>
            {
                var roots = await reader.RowsAsync(Read);
                await reader.NextResultAsync();
                await reader.ReadAsync();
                return (roots, reader.GetInt64(0), reader.GetInt64(1));
            },
            cancellationToken);
        return found.Count == ids.Length ? new ArchiveResult(null, found, count, size) : new ArchiveResult(Refusals.NotFound("file or folder"), [], 0, 0);
    }

    /// <summary>A page of a folder, with the decision of access for each entry as it is then.</summary>
    public async Task<ArchivePageResult> ListAsync(string userId, string folderId, string? after, CancellationToken cancellationToken)
    {
        if (!Ids.IsValid(Ids.File, folderId))
            return new ArchivePageResult(Refusals.NotFound("folder"), [], null);
        var (access, rows) = await database.ReadBatchAsync(
            batch =>
            {
                var decide = batch.CreateBatchCommand();
                decide.CommandText = EntryAccess.Sql;
                decide.Parameters.Text(folderId).Text(userId);
                batch.BatchCommands.Add(decide);
                var page = batch.CreateBatchCommand();
                page.CommandText =
                    $"""
                    SELECT {Columns}, e.name_key, coalesce(a.role, 0) FROM entry_access($1, $2) f
                    CROSS JOIN LATERAL (
                        SELECT * FROM entries x WHERE x.owner_id = f.owner_id AND x.parent_id = $1 AND x.name_key > $3 AND x.deleted_at IS NULL
                        ORDER BY x.parent_id, x.name_key LIMIT {PageLength}) e
                    LEFT JOIN LATERAL entry_access(e.id, $2) a ON true
                    LEFT JOIN file_versions v ON v.file_id = e.id AND v.number = e.current_version ORDER BY e.name_key
                    """;
                page.Parameters.Text(folderId).Text(userId).Text(after ?? "");
                batch.BatchCommands.Add(page);
            },
            async reader =>
            {
                var decided = await reader.RowAsync(EntryAccess.Read);
                await reader.NextResultAsync();
                return (decided, await reader.RowsAsync(row => (Entry: Read(row), Key: row.GetString(6), Role: (EntryRole)row.GetInt32(7))));
            },
            cancellationToken);
        if (access is not { Role: >= EntryRole.Viewer, Kind: EntryKind.Folder, IsLive: true })
            return new ArchivePageResult(Refusals.NotFound("folder"), [], null);
        return new ArchivePageResult(
            null,
            [.. rows.Where(row => row.Role >= EntryRole.Viewer && row.Entry.Kind != EntryKind.Shortcut).Select(row => row.Entry)],
            rows.Count == PageLength ? rows[^1].Key : null);
    }

    /// <summary>How much is in a folder that the caller has found to be readable: entries, itself among them, and their bytes.</summary>
    public async Task<(long Count, long SizeBytes)> MeasureKnownAsync(string folderId, int entryCountMax, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            Measure,
            parameters => parameters.Texts([folderId]).Integer(entryCountMax),
            async reader =>
            {
                await reader.ReadAsync();
                return (reader.GetInt64(0), reader.GetInt64(1));
            },
            cancellationToken);

    /// <summary>A page of a folder that the caller has found to be readable with all that is in it. Whether a file may be read is asked again when it is opened.</summary>
    public async Task<ArchivePageResult> ListKnownAsync(string ownerId, string folderId, string? after, CancellationToken cancellationToken)
    {
        // The version of each by itself: joined as a whole, the planner might read all that there are.
        var rows = await database.ReadAsync(
            $"""
            SELECT {Columns}, e.name_key FROM (
                SELECT * FROM entries x WHERE x.owner_id = $1 AND x.parent_id = $2 AND x.name_key > $3 AND x.deleted_at IS NULL
                ORDER BY x.parent_id, x.name_key LIMIT {PageLength}) e
            LEFT JOIN LATERAL (SELECT * FROM file_versions x WHERE x.file_id = e.id AND x.number = e.current_version OFFSET 0) v ON true ORDER BY e.name_key
            """,
            parameters => parameters.Text(ownerId).Text(folderId).Text(after ?? ""),
            reader => reader.RowsAsync(row => (Entry: Read(row), Key: row.GetString(6))),
            cancellationToken);
        return new ArchivePageResult(
            null, [.. rows.Where(row => row.Entry.Kind != EntryKind.Shortcut).Select(row => row.Entry)], rows.Count == PageLength ? rows[^1].Key : null);
    }

    /// <summary>The current content of a file and whose it is, when the user may read it now, as by itself; null otherwise.</summary>
    public Task<OpenedEntry?> OpenAsync(string userId, string fileId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            $"SELECT {Columns}, a.owner_id, v.number FROM entry_access($1, $2) a JOIN entries e ON e.id = $1 JOIN file_versions v ON v.file_id = e.id AND v.number = e.current_version WHERE a.is_live AND a.role >= 1 AND a.kind = 1",
            parameters => parameters.Text(fileId).Text(userId),
            reader => reader.RowAsync(row => new OpenedEntry(Read(row), row.GetString(6), row.GetInt32(7))),
            cancellationToken);

    /// <summary>A ticket for entries that the user may read now, of a login; they are looked at again when it is used.</summary>
    public async Task<ArchiveTicketResult> IssueTicketAsync(string userId, string[] ids, string loginId, CancellationToken cancellationToken)
    {
        var measured = await MeasureAsync(userId, ids, 1, cancellationToken);
        if (measured.Refusal is not null)
            return new ArchiveTicketResult(measured.Refusal, [], "", default);
        var expires = DateTimeOffset.FromUnixTimeSeconds((time.GetUtcNow() + direct.Value.ReadLifetime).ToUnixTimeSeconds());
        var packed = string.Concat(ids.Select(id => Base64Url.EncodeToString(Guid.Parse(id.AsSpan(2)).ToByteArray())));
        var position = string.Create(CultureInfo.InvariantCulture, $"{expires.ToUnixTimeSeconds()} {packed} {loginId}");
        return new ArchiveTicketResult(null, ids, await cursors.IssueAsync(TicketScope(userId), position, cancellationToken), expires, loginId);
    }

    /// <summary>What a ticket is for.</summary>
    public async Task<ArchiveTicketResult> OpenTicketAsync(string userId, string ticket, CancellationToken cancellationToken)
    {
        if (await cursors.ReadAsync(TicketScope(userId), ticket, cancellationToken) is not { } position)
            return new ArchiveTicketResult(Refusals.From(RefusalReason.Forbidden), [], "", default);
        var parts = position.Split(' ');
        var expires = DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[0], CultureInfo.InvariantCulture));
        return expires <= time.GetUtcNow()
            ? new ArchiveTicketResult(Refusals.From(RefusalReason.Forbidden), [], "", default)
            : new ArchiveTicketResult(null, [.. parts[1].Chunk(TicketIdLength).Select(id => $"f-{new Guid(Base64Url.DecodeFromChars(id))}")], "", expires, parts[2]);
    }

    private static string TicketScope(string userId) => ListCursors.Scope(userId, "archive ticket of a login");

    private static Refusal? Check(string[] ids)
    {
        if (ids.Length is 0 or > RootCountMax || ids.Distinct(StringComparer.Ordinal).Count() != ids.Length)
            return Refusals.Invalid($"An archive is of 1 to {RootCountMax} different entries.");
        return ids.All(id => Ids.IsValid(Ids.File, id)) ? null : Refusals.NotFound("file or folder");
    }

    private static ArchiveEntry Read(NpgsqlDataReader reader) => new(
        reader.GetString(0), (EntryKind)reader.GetInt16(1), reader.GetString(2), reader.TextOrNull(3) ?? "", reader.LongOrNull(4) ?? 0, reader.Time(5));
}

using System.Globalization;
using GrainVault.Audit;
using GrainVault.Data;

namespace GrainVault.Files;

/// <summary>Commands and queries on the versions of a file.</summary>
internal sealed class VersionRepository(CatalogueDatabase database, FolderRepository folders, ListCursors cursors)
{
    /// <summary>A page of versions, newest first. Refusal: Invalid (cursor).</summary>
    public async Task<VersionPageResult> ListAsync(string fileId, string? userId, string? cursor, int limit, CancellationToken cancellationToken)
    {
        var scope = ListCursors.Scope(userId ?? "", "versions", fileId);
        var before = int.MaxValue;
        if (cursor is not null)
        {
            if (await cursors.ReadAsync(scope, cursor, cancellationToken) is not { } position)
                return new VersionPageResult(Refusals.Invalid("The cursor was not issued for this list."), [], null);
            before = int.Parse(position, CultureInfo.InvariantCulture);
        }

        var rows = await database.ReadAsync(
            """
            SELECT v.number, v.size_bytes, v.content_type, v.sha256, v.created_at, v.number = e.current_version, coalesce(v.made_by, e.owner_id)
            FROM entries e JOIN file_versions v ON v.file_id = e.id WHERE e.id = $1 AND v.number < $2 ORDER BY v.number DESC LIMIT $3
            """,
            parameters => parameters.Text(fileId).Integer(before).Integer(limit + 1),
            reader => reader.RowsAsync(row => new FileVersion(
                row.GetInt32(0), row.GetInt64(1), row.GetString(2), row.BytesOrNull(3) is { } sha256 ? Convert.ToHexStringLower(sha256) : null,
                row.Time(4), row.GetBoolean(5), row.GetString(6))),
            cancellationToken);
        if (rows.Count <= limit)
            return new VersionPageResult(null, rows, null);
        rows.RemoveAt(limit);
        return new VersionPageResult(null, rows, await cursors.IssueAsync(scope, rows[^1].Number.ToString(CultureInfo.InvariantCulture), cancellationToken));
    }

    /// <summary>Makes an older version of a file that has one of the tags, or any, the current one.</summary>
    public Task<CommitResult> RestoreAsync(string actor, string owner, string fileId, int number, string[]? tags) =>
        folders.RunAsync(
            owner,
            fileId,
            "SELECT restore_version_as($1, $2, $3, $4, $5)",
            parameters => parameters.Text(actor).Text(owner).Text(fileId).Integer(number).Texts(tags),
            FileNotes.OfVersion(AuditActions.RestoreVersion, number));

    /// <summary>Removes what a file has beyond this many versions; returns how many went.</summary>
    public Task<int?> TrimAsync(string owner, string fileId, int countMax, int limit) =>
        database.QueryAsync(
            "SELECT trim_versions($1, $2, $3, $4)",
            parameters => parameters.Text(owner).Text(fileId).Integer(countMax).Integer(limit),
            ReaderExtensions.CodeAsync,
            note: AuditNote.Of(AuditActions.RemoveVersion, ("kept", countMax.ToString(CultureInfo.InvariantCulture))));

    /// <summary>Removes a version that is not the current one, or the oldest up to it.</summary>
    public async Task<Refusal?> RemoveAsync(string owner, string fileId, int number, bool andOlder, int limit) =>
        await database.QueryAsync(
            "SELECT remove_versions($1, $2, $3, $4, $5)",
            parameters => parameters.Text(owner).Text(fileId).Integer(number).Boolean(andOlder).Integer(limit),
            ReaderExtensions.CodeAsync,
            note: FileNotes.OfVersion(AuditActions.RemoveVersion, number, andOlder)) is { } reason
            ? reason == (int)RefusalReason.NotFound ? Refusals.NotFound("version") : Refusals.From((RefusalReason)reason)
            : null;
}

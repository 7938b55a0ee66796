using GrainVault.Data;
using GrainVault.Files;

namespace GrainVault.Uploads;

/// <summary>Lists the unfinished sessions of a user: what he uploads, and what others upload to what is his.</summary>
internal sealed class UploadListing(CatalogueDatabase database, ListCursors cursors)
{
    /// <summary>Most sessions in a page.</summary>
    public const int LimitMax = 1_000;

    /// <summary>A page of sessions, newest first: their ids sort by the time of their making.</summary>
    public async Task<UploadPageResult> ListAsync(string userId, string? cursor, int limit, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > LimitMax)
            return Refused(Refusals.Invalid("A limit is 1 to 1,000."));
        var scope = ListCursors.Scope(userId, "uploads");
        string? position = null;
        if (cursor is not null && (position = await cursors.ReadAsync(scope, cursor, cancellationToken)) is null)
            return Refused(Refusals.Invalid("The cursor was not issued for this list."));

        var after = position is null ? "" : "AND id < $3";
        var rows = await database.ReadAsync(
            $"""
            SELECT {UploadRow.Columns},
                (SELECT coalesce(sum(p.size_bytes), 0)::bigint FROM upload_parts p WHERE p.upload_id = uploads.id)
            FROM (
                (SELECT * FROM uploads WHERE owner_id = $1 AND state <= 3 {after} ORDER BY id DESC LIMIT $2)
                UNION ALL
                (SELECT * FROM uploads WHERE uploader_id = $1 AND state <= 3 {after} ORDER BY id DESC LIMIT $2)
            ) uploads ORDER BY id DESC LIMIT $2
            """,
            parameters => parameters.Text(userId).Integer(limit + 1).Text(position),
            reader => reader.RowsAsync(row => UploadRow.Read(row).ToInfo(row.GetInt64(UploadRow.ColumnCount), [], null, null)),
            cancellationToken);
        if (rows.Count <= limit)
            return new UploadPageResult(null, rows, null);
        rows.RemoveAt(limit);
        return new UploadPageResult(null, rows, await cursors.IssueAsync(scope, rows[^1].Id, cancellationToken));
    }

    private static UploadPageResult Refused(Refusal refusal) => new(refusal, [], null);
}

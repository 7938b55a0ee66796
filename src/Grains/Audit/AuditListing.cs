using System.Globalization;
using GrainVault.Data;
using GrainVault.Files;
using Npgsql;

namespace GrainVault.Audit;

/// <summary>Pages of the audit. A page looks at a bounded number of rows in the order of an index, so rare actions may make it short.</summary>
internal sealed class AuditListing(CatalogueDatabase database, ListCursors cursors)
{
    private const int LimitMax = 1_000;

    /// <summary>Rows that a page with filters looks at.</summary>
    private const int ScannedCountMax = 5_000;

    private const int TextLengthMax = 64;

    private const string Columns =
        "owner_id, seq, at, actor_kind, actor_id, action, entry_id, entry_name, detail, address, agent, request_id, trace_id, hash";

    /// <summary>A page, newest first. Refusal: Invalid (cursor, limit).</summary>
    public async Task<AuditPageResult> ListAsync(string readerId, AuditQuery query, CancellationToken cancellationToken)
    {
        if (query.Limit is < 1 or > LimitMax)
            return new AuditPageResult(Refusals.Invalid("A limit is 1 to 1,000."), [], null);
        if (!IsText(query.OwnerId) || !IsText(query.EntryId) || !IsText(query.Action))
            return new AuditPageResult(null, [], null);
        var scope = ListCursors.Scope(
            readerId, "audit", query.OwnerId, query.EntryId, query.Action,
            query.From?.UtcTicks.ToString(CultureInfo.InvariantCulture), query.Before?.UtcTicks.ToString(CultureInfo.InvariantCulture));
        Position? after = null;
        if (query.Cursor is not null)
        {
            if (await cursors.ReadAsync(scope, query.Cursor, cancellationToken) is not { } text)
                return new AuditPageResult(Refusals.Invalid("The cursor was not issued for this list."), [], null);
            after = Position.Parse(text);
        }

        var scanned = query.EntryId is null && query.Action is null ? query.Limit + 1 : ScannedCountMax;
        var (rows, last, count) = await ReadAsync(query, after, scanned, cancellationToken);
        if (rows.Count > query.Limit)
            rows.RemoveRange(query.Limit, rows.Count - query.Limit);
        else if (count < scanned)
            return new AuditPageResult(null, rows, null);
        else
            return new AuditPageResult(null, rows, await cursors.IssueAsync(scope, last!.ToString(), cancellationToken));
        return new AuditPageResult(null, rows, await cursors.IssueAsync(scope, Position.Of(rows[^1]).ToString(), cancellationToken));
    }

    private Task<(List<AuditRow> Rows, Position? Last, long Count)> ReadAsync(
        AuditQuery query, Position? after, int scannedCount, CancellationToken cancellationToken)
    {
        // A chain goes by its numbers, what is about one entry or about everybody by time.
        var isChain = query is { OwnerId: not null, EntryId: null };
        // Bounds that are always there, and looked up once, are bounds of the index.
        var range = isChain
            ? """
              owner_id = $1 AND seq > (SELECT CASE WHEN $3 IS NULL THEN 0 ELSE audit_seq_before($1, $3) END)
              AND seq <= (SELECT CASE WHEN $4 IS NULL THEN 9223372036854775807 ELSE audit_seq_before($1, $4) END)
              AND seq < coalesce($6, 9223372036854775807)
              """
            : $"""
              at >= coalesce($3, '-infinity') AND at < coalesce($4, 'infinity')
              AND (at, owner_id, seq) < (coalesce($5, 'infinity'), coalesce($7, ''), coalesce($6, 0))
              {(query.EntryId is null ? "" : "AND entry_id = $8")} {(query.OwnerId is null ? "" : "AND owner_id = $1")}
              """;
        var (order, reverse) = isChain ? ("seq DESC", "seq") : ("at DESC, owner_id DESC, seq DESC", "at, owner_id, seq");
        return database.ReadAsync(
            $"""
            WITH scanned AS MATERIALIZED (SELECT {Columns} FROM audit WHERE {range} ORDER BY {order} LIMIT $9),
                ended AS (SELECT at AS last_at, owner_id AS last_owner, seq AS last_seq FROM scanned ORDER BY {reverse} LIMIT 1)
            SELECT page.*, (SELECT count(*) FROM scanned), ended.*
            FROM ended LEFT JOIN LATERAL (
                SELECT {Columns} FROM scanned WHERE ($2 IS NULL OR action = $2) AND ($8 IS NULL OR entry_id = $8) ORDER BY {order} LIMIT $10) page ON true
            ORDER BY {(isChain ? "page.seq DESC" : "page.at DESC, page.owner_id DESC, page.seq DESC")}
            """,
            parameters => parameters.Text(query.OwnerId).Text(query.Action).Time(query.From).Time(query.Before)
                .Time(after?.At).Long(after?.Seq).Text(after?.OwnerId).Text(query.EntryId).Integer(scannedCount).Integer(query.Limit + 1),
            async reader =>
            {
                // One row without a page where what was looked at has none that fits.
                var found = await reader.RowsAsync(row => (
                    Row: row.TextOrNull(0) is null ? null : Read(row), Count: row.GetInt64(14), Last: new Position(row.Time(15), row.GetString(16), row.GetInt64(17))));
                return found.Count == 0
                    ? ([], null, 0)
                    : (found.Where(line => line.Row is not null).Select(line => line.Row!).ToList(), found[0].Last, found[0].Count);
            },
            cancellationToken);
    }

    private static AuditRow Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetInt64(1), row.Time(2), row.GetString(3), row.TextOrNull(4), row.GetString(5), row.TextOrNull(6), row.TextOrNull(7),
        row.TextOrNull(8), row.TextOrNull(9), row.TextOrNull(10), row.TextOrNull(11), row.TextOrNull(12),
        Convert.ToHexStringLower(row.GetFieldValue<byte[]>(13)));

    // What is longer stands in no row.
    private static bool IsText(string? value) => value is null || (value.Length <= TextLengthMax && !value.Contains('\0', StringComparison.Ordinal));

    /// <summary>Where a page ended.</summary>
    private sealed record Position(DateTimeOffset At, string OwnerId, long Seq)
    {
        public static Position Of(AuditRow row) => new(row.At, row.OwnerId, row.Seq);

        public static Position Parse(string text)
        {
            var parts = text.Split(' ');
            return new Position(
                new DateTimeOffset(long.Parse(parts[0], CultureInfo.InvariantCulture), TimeSpan.Zero), parts[2], long.Parse(parts[1], CultureInfo.InvariantCulture));
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.UtcTicks} {Seq} {OwnerId}");
    }
}

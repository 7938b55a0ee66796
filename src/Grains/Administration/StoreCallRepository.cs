using System.Globalization;
using GrainVault.Data;
using GrainVault.Files;
using GrainVault.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Administration;

/// <summary>The log of the object store's calls.</summary>
internal sealed class StoreCallRepository(CatalogueDatabase database, ListCursors cursors, IOptions<StorageActivityOptions> options)
{
    private const int LimitMax = 1_000;

    /// <summary>Rows that a page with filters looks at.</summary>
    private const int ScannedCountMax = 5_000;

    /// <summary>Rows that go at once by age.</summary>
    private const int RemovedCountMax = 10_000;

    private const int TextLengthMax = 1_024;

    private const string Columns = "at, store, operation, object_key, outcome, duration_us, size_bytes, process, id";

    public Task AppendAsync(string process, List<StoreCallRecord> calls) =>
        database.QueryAsync(
            "SELECT append_store_calls($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            parameters => parameters.Times([.. calls.Select(call => call.At)]).Text(process).Texts([.. calls.Select(call => call.Store)])
                .Texts([.. calls.Select(call => call.Operation)]).Texts([.. calls.Select(call => call.ObjectKey)])
                .Texts([.. calls.Select(call => call.Outcome)]).Longs([.. calls.Select(call => (long)call.Elapsed.TotalMicroseconds)])
                .OptionalLongs([.. calls.Select(call => call.SizeBytes)]).Long(options.Value.RowCountMax),
            reader => reader.ReadAsync());

    /// <summary>Removes what is too old; returns how many.</summary>
    public Task<int> RemoveOldAsync(CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            "DELETE FROM store_calls WHERE id = ANY (ARRAY(SELECT id FROM store_calls WHERE at < now() - $1 ORDER BY at LIMIT $2))",
            parameters => parameters.Interval(options.Value.Age).Integer(RemovedCountMax),
            cancellationToken);

    /// <summary>A page, newest first. Refusal: Invalid (cursor, limit).</summary>
    public async Task<StoreCallPageResult> ListAsync(string readerId, StoreCallQuery query, CancellationToken cancellationToken)
    {
        if (query.Limit is < 1 or > LimitMax)
            return new StoreCallPageResult(Refusals.Invalid("A limit is 1 to 1,000."), [], null);
        if (!IsText(query.ObjectKey) || !IsText(query.Operation) || !IsText(query.Outcome))
            return new StoreCallPageResult(null, [], null);
        var scope = ListCursors.Scope(
            readerId, "store calls", query.ObjectKey, query.Operation, query.Outcome,
            query.From?.UtcTicks.ToString(CultureInfo.InvariantCulture), query.Before?.UtcTicks.ToString(CultureInfo.InvariantCulture));
        (DateTimeOffset At, long Id)? after = null;
        if (query.Cursor is not null)
        {
            if (await cursors.ReadAsync(scope, query.Cursor, cancellationToken) is not { } text)
                return new StoreCallPageResult(Refusals.Invalid("The cursor was not issued for this list."), [], null);
            var parts = text.Split(' ');
            after = (new DateTimeOffset(long.Parse(parts[0], CultureInfo.InvariantCulture), TimeSpan.Zero), long.Parse(parts[1], CultureInfo.InvariantCulture));
        }

        var scanned = query.Operation is null && query.Outcome is null ? query.Limit + 1 : ScannedCountMax;
        var lines = await ReadAsync(query, after, scanned, cancellationToken);
        var calls = lines.Where(line => line.Call is not null).ToList();
        var isMore = calls.Count > query.Limit;
        if (isMore)
            calls.RemoveRange(query.Limit, calls.Count - query.Limit);
        else if (lines.Count == 0 || lines[0].Count < scanned)
            return new StoreCallPageResult(null, calls.ConvertAll(line => line.Call!), null);
        var end = isMore ? (At: calls[^1].Call!.At, calls[^1].Id) : (At: lines[0].LastAt, Id: lines[0].LastId);
        return new StoreCallPageResult(
            null,
            calls.ConvertAll(line => line.Call!),
            await cursors.IssueAsync(scope, string.Create(CultureInfo.InvariantCulture, $"{end.At.UtcTicks} {end.Id}"), cancellationToken));
    }

    private Task<List<Line>> ReadAsync(StoreCallQuery query, (DateTimeOffset At, long Id)? after, int scanned, CancellationToken cancellationToken) =>
        database.ReadAsync(
            $"""
            WITH scanned AS MATERIALIZED (
                    SELECT {Columns} FROM store_calls
                    WHERE at >= coalesce($1, '-infinity') AND at < coalesce($2, 'infinity') AND (at, id) < (coalesce($3, 'infinity'), coalesce($4, 0))
                        {(query.ObjectKey is null ? "" : "AND object_key = $5")}
                    ORDER BY at DESC, id DESC LIMIT $8),
                ended AS (SELECT at AS last_at, id AS last_id FROM scanned ORDER BY at, id LIMIT 1)
            SELECT page.*, (SELECT count(*) FROM scanned), ended.*
            FROM ended LEFT JOIN LATERAL (
                SELECT {Columns} FROM scanned
                WHERE ($5 IS NULL OR object_key = $5) AND ($6 IS NULL OR operation = $6)
                    AND ($7 IS NULL OR outcome = $7 OR ($7 = 'failed' AND outcome <> 'ok'))
                ORDER BY at DESC, id DESC LIMIT $9) page ON true
            ORDER BY page.at DESC, page.id DESC
            """,
            parameters => parameters.Time(query.From).Time(query.Before).Time(after?.At).Long(after?.Id).Text(query.ObjectKey).Text(query.Operation)
                .Text(query.Outcome).Integer(scanned).Integer(query.Limit + 1),
            reader => reader.RowsAsync(row => new Line(
                row.LongOrNull(8) is null
                    ? null
                    : new StoreCallRecord(
                        row.Time(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4),
                        TimeSpan.FromMicroseconds(row.GetInt64(5)), row.LongOrNull(6), row.GetString(7)),
                row.LongOrNull(8) ?? 0,
                row.GetInt64(9),
                row.Time(10),
                row.GetInt64(11))),
            cancellationToken);

    // What is longer stands in no row.
    private static bool IsText(string? value) => value is null || (value.Length <= TextLengthMax && !value.Contains('\0', StringComparison.Ordinal));

    /// <summary>A call that fits, if any, with how many were looked at and which was the last of them.</summary>
    private sealed record Line(StoreCallRecord? Call, long Id, long Count, DateTimeOffset LastAt, long LastId);
}

using GrainVault.Data;
using GrainVault.Files;
using Npgsql;

namespace GrainVault.Changes;

/// <summary>An owner in a user's feed.</summary>
/// <param name="Id">The owner.</param>
/// <param name="Hash">His name in cursors.</param>
/// <param name="LastNumber">Number of his last change.</param>
internal sealed record FeedOwner(string Id, long Hash, long LastNumber);

/// <summary>A row of <c>read_feed</c>; see there.</summary>
internal sealed record FeedRow(
    long Hash, long Number, bool HasMore, bool IsRewound, string? EntryId, bool IsDirect, bool IsShape, bool IsRelist, DateTimeOffset? At);

/// <summary>An entry as a user sees it now.</summary>
/// <param name="Id">The entry.</param>
/// <param name="Role">What he may do with it.</param>
/// <param name="Entry">Metadata; null when he may not read it.</param>
internal sealed record FeedState(string Id, EntryRole Role, Entry? Entry);

/// <summary>Statements of feeds.</summary>
internal sealed class FeedRepository(CatalogueDatabase database)
{
    /// <summary>Long cursors that are kept of one user.</summary>
    private const int CursorCountMax = 200;

    /// <summary>Statements of one pruning. One shard prunes all feeds, and so removes up to 833 changes a second by default.</summary>
    private const int PruneCountMax = 100;

    public Task<List<FeedOwner>> FindOwnersAsync(string userId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT owner_id, hash, last_seq FROM feed_owners($1)",
            parameters => parameters.Text(userId),
            reader => reader.RowsAsync(row => new FeedOwner(row.GetString(0), row.GetInt64(1), row.GetInt64(2))),
            cancellationToken);

    public Task<List<FeedRow>> ReadAsync(string userId, IReadOnlyDictionary<long, long> numbers, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT hash, seq, has_more, is_rewound, entry_id, is_direct, is_shape, relist, at FROM read_feed($1, $2, $3, $4)",
            parameters => parameters.Text(userId).Longs([.. numbers.Keys]).Longs([.. numbers.Values]).Integer(limit),
            reader => reader.RowsAsync(row => new FeedRow(
                row.GetInt64(0), row.GetInt64(1), row.GetBoolean(2), row.GetBoolean(3), row.TextOrNull(4),
                row.GetBoolean(5), row.GetBoolean(6), row.GetBoolean(7), row.TimeOrNull(8))),
            cancellationToken);

    /// <summary>What the user sees of these entries now, in their order.</summary>
    public Task<List<FeedState>> FindStatesAsync(string userId, string[] entries, CancellationToken cancellationToken) =>
        ReadStatesAsync(
            "feed_sights($1, $2) s", "s.place", parameters => parameters.Text(userId).Texts(entries), cancellationToken);

    /// <summary>What the user sees now of what is shared with him at or below entries, by id, after one of them.</summary>
    public Task<List<FeedState>> FindBelowAsync(string userId, string[] roots, string afterId, int limit, CancellationToken cancellationToken) =>
        ReadStatesAsync(
            "feed_below($1, $2, $3, $4) s", "s.id", parameters => parameters.Text(userId).Texts(roots).Text(afterId).Integer(limit), cancellationToken);

    /// <summary>The user's own entries outside of the trash, in the order of their names, after one of them.</summary>
    public Task<List<Entry>> ListOwnAsync(string userId, string afterName, string afterId, int limit, CancellationToken cancellationToken) =>
        ListAsync(
            "deleted_at IS NULL AND (name_key, id) > ($2, $3) ORDER BY name_key, id",
            "e.name_key, e.id",
            parameters => parameters.Text(userId).Text(afterName).Text(afterId).Integer(limit),
            cancellationToken);

    /// <summary>The user's trash, oldest first, after one entry of it.</summary>
    public Task<List<Entry>> ListTrashAsync(string userId, DateTimeOffset? afterTime, string afterId, int limit, CancellationToken cancellationToken) =>
        ListAsync(
            "deleted_at IS NOT NULL AND purging_at IS NULL AND (deleted_at, id) > (coalesce($2, '-infinity'), $3) ORDER BY deleted_at, id",
            "e.deleted_at, e.id",
            parameters => parameters.Text(userId).Time(afterTime).Text(afterId).Integer(limit),
            cancellationToken);

    /// <summary>Ids of entries that are shared with the user, after one of them.</summary>
    public Task<List<string>> ListSharesAsync(string userId, string afterId, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT entry_id FROM shares WHERE user_id = $1 AND entry_id > $2 ORDER BY entry_id LIMIT $3",
            parameters => parameters.Text(userId).Text(afterId).Integer(limit),
            reader => reader.RowsAsync(row => row.GetString(0)),
            cancellationToken);

    public Task KeepCursorAsync(string userId, byte[] digest, string body) =>
        database.ExecuteRepeatablyAsync(
            """
            WITH kept AS (
                INSERT INTO feed_cursors (user_id, digest, body) VALUES ($1, $2, $3) ON CONFLICT (user_id, digest) DO UPDATE SET used_at = now())
            DELETE FROM feed_cursors WHERE user_id = $1 AND digest IN (
                SELECT digest FROM feed_cursors WHERE user_id = $1 AND digest <> $2 ORDER BY used_at DESC OFFSET $4)
            """,
            parameters => parameters.Text(userId).Bytes(digest).Text(body).Integer(CursorCountMax));

    public Task<string?> FindCursorAsync(string userId, byte[] digest, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT body FROM feed_cursors WHERE user_id = $1 AND digest = $2",
            parameters => parameters.Text(userId).Bytes(digest),
            reader => reader.RowAsync(row => row.GetString(0)),
            cancellationToken);

    /// <summary>Numbers of the last changes of these owners; those without a row have made none.</summary>
    public async Task<Dictionary<string, long>> FindNumbersAsync(string[] owners, CancellationToken cancellationToken) =>
        (await database.ReadAsync(
            "SELECT id, change_seq FROM users WHERE id = ANY ($1)",
            parameters => parameters.Texts(owners),
            reader => reader.RowsAsync(row => (row.GetString(0), row.GetInt64(1))),
            cancellationToken)).ToDictionary(row => row.Item1, row => row.Item2, StringComparer.Ordinal);

    /// <summary>When each of these users was told last of a share of his; those who never were are absent.</summary>
    public async Task<Dictionary<string, DateTimeOffset>> FindToldAsync(string[] users, CancellationToken cancellationToken) =>
        (await database.ReadAsync(
            """
            SELECT u, t.at FROM unnest($1) u CROSS JOIN LATERAL (
                SELECT c.at FROM shared_changes c WHERE c.scope = 't:' || u AND starts_with(c.scope, 't:') ORDER BY c.at DESC LIMIT 1) t
            """,
            parameters => parameters.Texts(users),
            reader => reader.RowsAsync(row => (row.GetString(0), row.Time(1))),
            cancellationToken)).ToDictionary(row => row.Item1, row => row.Item2, StringComparer.Ordinal);

    /// <summary>Removes changes and cursors that are older; returns how many rows it dealt with.</summary>
    /// <param name="age">How old they are at least.</param>
    /// <param name="limit">Rows of each table that a statement deals with; there are at most <see cref="PruneCountMax"/> such statements.</param>
    /// <param name="cancellationToken">Ends the call between two of them, or within one.</param>
    public async Task<int> PruneAsync(TimeSpan age, int limit, CancellationToken cancellationToken)
    {
        var count = 0;
        for (var turn = 0; turn < PruneCountMax; turn++)
        {
            var gone = await PruneOnceAsync(age, limit, cancellationToken);
            count += gone;
            // None of the tables gave as many as it may.
            if (gone < limit)
                break;
        }

        return count;
    }

    private Task<int> PruneOnceAsync(TimeSpan age, int limit, CancellationToken cancellationToken) =>
        database.QueryAsync(
            "SELECT prune_feed($1, $2)",
            parameters => parameters.Interval(age).Integer(limit),
            async reader => await reader.ReadAsync(cancellationToken) ? reader.GetInt32(0) : 0,
            cancellationToken);

    private Task<List<FeedState>> ReadStatesAsync(
        string source, string order, Action<NpgsqlParameterCollection> bind, CancellationToken cancellationToken) =>
        database.ReadAsync(
            $"""
            SELECT {FileRow.Columns}, s.id, s.role, s.sees_folder FROM {source}
            LEFT JOIN entries e ON e.id = s.id AND s.role >= 2
            LEFT JOIN file_versions v ON v.file_id = e.id AND v.number = e.current_version
            ORDER BY {order}
            """,
            bind,
            reader => reader.RowsAsync(row => new FeedState(
                row.GetString(FileRow.ColumnCount),
                (EntryRole)row.GetInt32(FileRow.ColumnCount + 1),
                row.IsDBNull(0) ? null : AsSeen(FileRow.ReadEntry(row), row.GetBoolean(FileRow.ColumnCount + 2)))),
            cancellationToken);

    private static Entry AsSeen(Entry entry, bool seesFolder) => seesFolder ? entry : entry with { ParentId = null };

    private Task<List<Entry>> ListAsync(string condition, string order, Action<NpgsqlParameterCollection> bind, CancellationToken cancellationToken) =>
        database.ReadAsync(
            $"""
            WITH page AS MATERIALIZED (SELECT * FROM entries WHERE owner_id = $1 AND {condition} LIMIT $4)
            SELECT {FileRow.Columns} FROM page e LEFT JOIN file_versions v ON v.file_id = e.id AND v.number = e.current_version ORDER BY {order}
            """,
            bind,
            reader => reader.RowsAsync(FileRow.ReadEntry),
            cancellationToken);
}

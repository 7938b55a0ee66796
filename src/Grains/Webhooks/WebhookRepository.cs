using GrainVault.Data;

namespace GrainVault.Webhooks;

/// <summary>A webhook that is due.</summary>
internal sealed record DueWebhook(string Id, string UserId, string Url, byte[] Secret, string Cursor, int AttemptCount, long Sum)
{
    /// <summary>Without the secret: a log may show it.</summary>
    public override string ToString() => Id;
}

/// <summary>Statements of webhooks. Time is that of PostgreSQL.</summary>
internal sealed class WebhookRepository(CatalogueDatabase database)
{
    private const string Columns = "id, url, created_at, failing_since, disabled_at, last_outcome";

    public Task<int?> CreateAsync(string id, string userId, int shard, string url, byte[] secret, string cursor, int countMax) =>
        database.ReadAsync(
            "SELECT create_webhook($1, $2, $3, $4, $5, $6, $7)",
            parameters => parameters.Text(id).Text(userId).Integer(shard).Text(url).Bytes(secret).Text(cursor).Integer(countMax),
            ReaderExtensions.CodeAsync);

    public Task<List<(WebhookInfo Webhook, byte[] Secret)>> ListAsync(string userId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            $"SELECT {Columns}, secret FROM webhooks WHERE user_id = $1 ORDER BY id",
            parameters => parameters.Text(userId),
            reader => reader.RowsAsync(row => (
                new WebhookInfo(row.GetString(0), row.GetString(1), row.Time(2), row.TimeOrNull(3), row.TimeOrNull(4), row.TextOrNull(5)),
                row.BytesOrNull(6)!)),
            cancellationToken);

    public async Task<bool> RemoveAsync(string userId, string id) =>
        await database.ExecuteAsync("DELETE FROM webhooks WHERE id = $1 AND user_id = $2", parameters => parameters.Text(id).Text(userId)) == 1;

    /// <summary>True while the shard has webhooks that are not given up.</summary>
    public Task<bool> AnyAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT EXISTS (SELECT 1 FROM webhooks WHERE shard = $1 AND disabled_at IS NULL)",
            parameters => parameters.Integer(shard),
            async reader => await reader.ReadAsync(cancellationToken) && reader.GetBoolean(0),
            cancellationToken);

    /// <summary>Webhooks whose feed may have something for them, those that wait longest first, and those that rest for so long that their place gets old.</summary>
    public Task<List<DueWebhook>> FindDueAsync(int shard, int limit, TimeSpan restMax, CancellationToken cancellationToken) =>
        database.ReadAsync(
            """
            SELECT w.id, w.user_id, w.url, w.secret, w.cursor, w.attempt_count, s.sum FROM webhooks w CROSS JOIN LATERAL (SELECT feed_sum(w.user_id) AS sum) s
            WHERE w.shard = $1 AND w.disabled_at IS NULL AND w.next_attempt_at <= now()
                AND (w.seen IS DISTINCT FROM s.sum OR w.next_attempt_at < now() - $3)
            ORDER BY w.next_attempt_at LIMIT $2
            """,
            parameters => parameters.Integer(shard).Integer(limit).Interval(restMax),
            reader => reader.RowsAsync(row => new DueWebhook(
                row.GetString(0), row.GetString(1), row.GetString(2), row.BytesOrNull(3)!, row.GetString(4), row.GetInt32(5), row.GetInt64(6))),
            cancellationToken);

    /// <summary>Moves on in the feed. Whoever else has moved on meanwhile stays ahead.</summary>
    /// <param name="webhook">As it was read.</param>
    /// <param name="cursor">Where the next delivery begins.</param>
    /// <param name="sum">Sum of the feed's counters when there is nothing more; null while there is.</param>
    /// <param name="outcome">What came of the delivery; null when there was none.</param>
    public Task AdvanceAsync(DueWebhook webhook, string cursor, long? sum, string? outcome) =>
        database.ExecuteRepeatablyAsync(
            """
            UPDATE webhooks SET cursor = $3, seen = $4, attempt_count = 0, failing_since = NULL, next_attempt_at = now(),
                last_outcome = coalesce($5, last_outcome)
            WHERE id = $1 AND cursor = $2
            """,
            parameters => parameters.Text(webhook.Id).Text(webhook.Cursor).Text(cursor).Long(sum).Text(outcome));

    /// <summary>Notes a failed attempt, and gives the webhook up when there were too many; returns true then.</summary>
    public Task<bool> FailAsync(DueWebhook webhook, string outcome, TimeSpan pause, bool isGone, int attemptCountMax, TimeSpan failingAge) =>
        database.QueryAsync(
            """
            UPDATE webhooks SET attempt_count = attempt_count + 1, failing_since = coalesce(failing_since, now()), next_attempt_at = now() + $4, last_outcome = $3,
                disabled_at = CASE WHEN $5 OR attempt_count + 1 >= $6 OR now() - failing_since > $7 THEN now() END
            WHERE id = $1 AND cursor = $2 AND disabled_at IS NULL RETURNING disabled_at IS NOT NULL
            """,
            parameters => parameters.Text(webhook.Id).Text(webhook.Cursor).Text(outcome).Interval(pause).Boolean(isGone).Integer(attemptCountMax).Interval(failingAge),
            async reader => await reader.ReadAsync() && reader.GetBoolean(0));
}

using GrainVault.Audit;
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
    private const string Columns = "id, url, created_at, failing_since, disabled_at, last_outcome, disabled_because";

    public Task<int?> CreateAsync(string id, string userId, int shard, string url, byte[] secret, string cursor, int countMax) =>
        database.QueryRepeatablyAsync(
            "SELECT make_webhook($1, $2, $3, $4, $5, $6, $7, $8)",
            parameters => parameters.Text(id).Text(userId).Integer(shard).Text(url).Text(new Uri(url).Host).Bytes(secret).Text(cursor).Integer(countMax),
            ReaderExtensions.CodeAsync,
            note: new AuditNote(AuditActions.WebhookCreate));

    public Task<List<(WebhookInfo Webhook, byte[] Secret)>> ListAsync(string userId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            $"SELECT {Columns}, secret FROM webhooks WHERE user_id = $1 ORDER BY id",
            parameters => parameters.Text(userId),
            reader => reader.RowsAsync(row => (
                new WebhookInfo(row.GetString(0), row.GetString(1), row.Time(2), row.TimeOrNull(3), row.TimeOrNull(4), row.TextOrNull(5), row.TextOrNull(6)),
                row.BytesOrNull(7)!)),
            cancellationToken);

    public Task<int?> RemoveAsync(string userId, string id) =>
        database.QueryAsync("SELECT remove_webhook($1, $2)", parameters => parameters.Text(userId).Text(id), ReaderExtensions.CodeAsync);

    public Task<int?> SwitchAsync(string userId, string id, bool isEnabled) =>
        database.QueryRepeatablyAsync(
            "SELECT switch_webhook($1, $2, $3)",
            parameters => parameters.Text(userId).Text(id).Boolean(isEnabled),
            ReaderExtensions.CodeAsync,
            note: new AuditNote(isEnabled ? AuditActions.WebhookEnable : AuditActions.WebhookDisable));

    /// <summary>Disables all webhooks of a user, since his password is changed.</summary>
    public Task DisableAllAsync(string userId) =>
        database.QueryRepeatablyAsync(
            "SELECT disable_webhooks($1, 'password')",
            parameters => parameters.Text(userId),
            reader => reader.ReadAsync(),
            note: new AuditNote(AuditActions.WebhookDisable));

    /// <summary>True while the shard has webhooks that are not given up.</summary>
    public Task<bool> AnyAsync(int shard, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT count(*) > 0 FROM (SELECT 1 FROM webhooks WHERE shard = $1 AND disabled_at IS NULL ORDER BY next_attempt_at LIMIT 1) one",
            parameters => parameters.Integer(shard),
            async reader => await reader.ReadAsync(cancellationToken) && reader.GetBoolean(0),
            cancellationToken);

    /// <summary>
    /// Webhooks whose feed may have something for them, those that wait longest first, and those that rest for so long that their place gets
    /// old. The feed of a user is asked once, however many webhooks he has.
    /// </summary>
    /// <param name="shard">The shard.</param>
    /// <param name="limit">Most webhooks.</param>
    /// <param name="perUser">Most webhooks of one user.</param>
    /// <param name="busyIds">Webhooks that are worked on.</param>
    /// <param name="busyUsers">Users of whose webhooks enough are worked on.</param>
    /// <param name="restMax">Longest rest.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<List<DueWebhook>> FindDueAsync(
        int shard, int limit, int perUser, string[] busyIds, string[] busyUsers, TimeSpan restMax, CancellationToken cancellationToken) =>
        database.ReadAsync(
            """
            WITH waiting AS MATERIALIZED (
                SELECT * FROM webhooks
                WHERE shard = $1 AND disabled_at IS NULL AND next_attempt_at <= now() AND id <> ALL ($4) AND user_id <> ALL ($5)
            ), sums AS MATERIALIZED (
                SELECT u.user_id, feed_sum(u.user_id) AS sum FROM (SELECT DISTINCT user_id FROM waiting) u
            ), due AS (
                SELECT w.*, s.sum, row_number() OVER (PARTITION BY w.user_id ORDER BY w.next_attempt_at, w.id) AS turn
                FROM waiting w JOIN sums s ON s.user_id = w.user_id WHERE w.seen IS DISTINCT FROM s.sum OR w.next_attempt_at < now() - $6
            )
            SELECT id, user_id, url, secret, cursor, attempt_count, sum FROM due WHERE turn <= $3 ORDER BY next_attempt_at LIMIT $2
            """,
            parameters => parameters.Integer(shard).Integer(limit).Integer(perUser).Texts(busyIds).Texts(busyUsers).Interval(restMax),
            reader => reader.RowsAsync(row => new DueWebhook(
                row.GetString(0), row.GetString(1), row.GetString(2), row.BytesOrNull(3)!, row.GetString(4), row.GetInt32(5), row.GetInt64(6))),
            cancellationToken);

    /// <summary>
    /// Moves on in the feed. False when there is to be no next delivery: somebody else has moved on meanwhile, who stays ahead, or the
    /// webhook was disabled or removed.
    /// </summary>
    /// <param name="webhook">As it was read.</param>
    /// <param name="cursor">Where the next delivery begins.</param>
    /// <param name="sum">Sum of the feed's counters when there is nothing more; null while there is.</param>
    /// <param name="outcome">What came of the delivery; null when there was none.</param>
    public Task<bool> AdvanceAsync(DueWebhook webhook, string cursor, long? sum, string? outcome) =>
        database.ReadAsync(
            """
            UPDATE webhooks SET cursor = $3, seen = $4, attempt_count = 0, failing_since = NULL, next_attempt_at = now(),
                last_outcome = coalesce($5, last_outcome)
            WHERE id = $1 AND cursor = $2 RETURNING disabled_at IS NULL
            """,
            parameters => parameters.Text(webhook.Id).Text(webhook.Cursor).Text(cursor).Long(sum).Text(outcome),
            async reader => await reader.ReadAsync() && reader.GetBoolean(0));

    /// <summary>Notes a failed attempt, and gives the webhook up when there were too many; returns true then.</summary>
    public Task<bool> FailAsync(DueWebhook webhook, string outcome, TimeSpan pause, bool isGone, int attemptCountMax, TimeSpan failingAge) =>
        database.QueryAsync(
            "SELECT fail_webhook($1, $2, $3, $4, $5, $6, $7)",
            parameters => parameters.Text(webhook.Id).Text(webhook.Cursor).Text(outcome).Interval(pause).Boolean(isGone).Integer(attemptCountMax).Interval(failingAge),
            async reader => await reader.ReadAsync() && reader.GetBoolean(0));
}

using GrainVault.Data;
using GrainVault.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Accounts;

/// <summary>Bytes of a user.</summary>
internal sealed record QuotaRow(long QuotaBytes, long UsedBytes, long ReservedBytes);

/// <summary>The catalogue's side of a user: quota and idempotency keys.</summary>
internal sealed class UserRepository(CatalogueDatabase database, IOptions<LimitsOptions> limits, IOptions<JanitorOptions> janitor)
{
    public Task EnsureAsync(string userId) =>
        database.ExecuteRepeatablyAsync(
            "INSERT INTO users (id, quota_bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            parameters => parameters.Text(userId).Long(limits.Value.QuotaBytes));

    /// <summary>Quota of a user; that of a new one when the row is still to be made.</summary>
    public async Task<QuotaRow> GetQuotaAsync(string userId, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            "SELECT quota_bytes, used_bytes, reserved_bytes FROM users WHERE id = $1",
            parameters => parameters.Text(userId),
            reader => reader.RowAsync(row => new QuotaRow(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2))),
            cancellationToken) ?? new QuotaRow(limits.Value.QuotaBytes, 0, 0);

    /// <summary>Binds a key, or takes over one that is too old to count; returns fingerprint and id that are bound then.</summary>
    public async Task<(string Fingerprint, string ResourceId)> BindKeyAsync(string userId, string key, string fingerprint, string proposedId)
    {
        await EnsureAsync(userId);
        return await database.ReadAsync(
            """
            INSERT INTO idempotency_keys AS k (user_id, key, fingerprint, resource_id) VALUES ($1, $2, $3, $4)
            ON CONFLICT (user_id, key) DO UPDATE SET
                fingerprint = CASE WHEN k.created_at < now() - $5 THEN excluded.fingerprint ELSE k.fingerprint END,
                resource_id = CASE WHEN k.created_at < now() - $5 THEN excluded.resource_id ELSE k.resource_id END,
                created_at = CASE WHEN k.created_at < now() - $5 THEN now() ELSE k.created_at END
            RETURNING fingerprint, resource_id
            """,
            parameters => parameters.Text(userId).Text(key).Text(fingerprint).Text(proposedId).Interval(janitor.Value.IdempotencyKeyAge),
            async reader =>
            {
                Invariant.That(await reader.ReadAsync(), "an upsert returns its row");
                return (reader.GetString(0), reader.GetString(1));
            });
    }
}

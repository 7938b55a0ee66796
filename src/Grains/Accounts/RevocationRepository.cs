using GrainVault.Data;

namespace GrainVault.Accounts;

/// <summary>Ended logins whose access tokens may still be alive.</summary>
internal sealed class RevocationRepository(IdentityDatabase database)
{
    /// <summary>Most ids in a page.</summary>
    public const int PageLengthMax = 10_000;

    /// <summary>
    /// A transaction that began earlier may become visible later; pages overlap by more than any of them takes.
    /// </summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(10);

    public Task<RevocationPage> ListAsync(DateTimeOffset? since, CancellationToken cancellationToken) =>
        database.ReadAsync(
            """
            SELECT r.login_id, r.revoked_at, now() - $3 FROM (SELECT 1) one
            LEFT JOIN (
                SELECT login_id, revoked_at FROM revocations
                WHERE expires_at > now() AND ($1 IS NULL OR revoked_at > $1) ORDER BY revoked_at, login_id LIMIT $2
            ) r ON true
            """,
            parameters => parameters.Time(since).Integer(PageLengthMax).Interval(Overlap),
            async reader =>
            {
                var ids = new List<string>();
                DateTimeOffset last = default, horizon = default;
                while (await reader.ReadAsync())
                {
                    horizon = reader.Time(2);
                    if (reader.TextOrNull(0) is not { } id)
                        continue;
                    ids.Add(id);
                    last = reader.Time(1);
                }

                // A full page goes on where it ended; a short one starts again a little before now.
                var until = ids.Count == PageLengthMax ? last : horizon;
                return new RevocationPage(ids, since is { } start && until < start ? start : until);
            },
            cancellationToken);

    /// <summary>Removes what no longer matters: revocations whose tokens have expired, and logins long over.</summary>
    public Task<int> RemoveOldAsync(int rowCountMax, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            """
            WITH old_revocations AS (
                DELETE FROM revocations WHERE login_id = ANY (ARRAY(SELECT login_id FROM revocations WHERE expires_at < now() ORDER BY expires_at LIMIT $1))
            )
            DELETE FROM logins WHERE id = ANY (ARRAY(
                (SELECT id FROM logins WHERE expires_at < now() ORDER BY expires_at LIMIT $1)
                UNION ALL
                (SELECT id FROM logins WHERE ended_at < now() - interval '1 day' ORDER BY ended_at LIMIT $1)))
            """,
            parameters => parameters.Integer(rowCountMax),
            cancellationToken);
}

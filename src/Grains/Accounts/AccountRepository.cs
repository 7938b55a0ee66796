using GrainVault.Data;
using GrainVault.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Accounts;

/// <summary>An account as the database has it.</summary>
internal sealed record AccountRow(
    string Id, string Email, string? DisplayName, string PasswordHash, string Roles, long Version, DateTimeOffset CreatedAt);

/// <summary>Accounts and their logins.</summary>
internal sealed class AccountRepository(IdentityDatabase database, IOptions<AccountOptions> accounts, IOptions<LimitsOptions> limits)
{
    /// <summary>Clocks of front ends may differ by so much from the database's: revocations are kept longer by it.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private const string Columns = "id, email, display_name, password_hash, roles, version, created_at";

    private TimeSpan RevokeFor => accounts.Value.AccessTokenLifetime + ClockSkew;

    public Task<AccountRow?> FindByEmailAsync(string emailKey, CancellationToken cancellationToken) =>
        FindAsync($"SELECT {Columns} FROM accounts WHERE email_key = $1", emailKey, cancellationToken);

    public Task<AccountRow?> FindAsync(string id, CancellationToken cancellationToken) =>
        FindAsync($"SELECT {Columns} FROM accounts WHERE id = $1", id, cancellationToken);

    /// <summary>Addresses and names of users.</summary>
    public async Task<Dictionary<string, (string Email, string? DisplayName)>> FindNamesAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken) =>
        (await database.ReadAsync(
            "SELECT id, email, display_name FROM accounts WHERE id = ANY ($1)",
            parameters => parameters.Texts([.. ids]),
            reader => reader.RowsAsync(row => (Id: row.GetString(0), Email: row.GetString(1), DisplayName: row.TextOrNull(2))),
            cancellationToken)).ToDictionary(row => row.Id, row => (row.Email, row.DisplayName));

    /// <summary>Creates an account with its first login; returns its roles, or null when the address is taken.</summary>
    public Task<string?> SignUpAsync(SignUpCommand command, string passwordHash, string loginId, byte[] tokenHash) =>
        database.QueryAsync(
            """
            WITH made AS (
                INSERT INTO accounts (id, email, email_key, display_name, password_hash, roles, signed_in_at)
                VALUES ($1, $2, $3, $4, $5, roles_of_new_account($6), now())
                ON CONFLICT DO NOTHING RETURNING id, roles
            ), login AS (
                INSERT INTO logins (id, account_id, token_hash, expires_at) SELECT $7, id, $8, now() + $9 FROM made
            )
            SELECT roles FROM made
            """,
            parameters => parameters.Text(command.UserId).Text(command.Email).Text(AccountKeys.EmailKey(command.Email))
                .Text(command.DisplayName).Text(passwordHash).Boolean(accounts.Value.FirstAccountIsAdmin)
                .Text(loginId).Bytes(tokenHash).Interval(accounts.Value.RefreshTokenLifetime),
            reader => reader.RowAsync(row => row.GetString(0)));

    /// <summary>Starts a login and ends the least recently used ones beyond the limit.</summary>
    /// <param name="account">The account.</param>
    /// <param name="loginId">Id of the new login.</param>
    /// <param name="tokenHash">SHA-256 of its refresh token.</param>
    /// <param name="newHash">Password hash to keep from now on, unless the password was changed meanwhile; null to leave it.</param>
    public Task StartLoginAsync(AccountRow account, string loginId, byte[] tokenHash, string? newHash) =>
        database.QueryAsync(
            """
            WITH noted AS (
                UPDATE accounts SET signed_in_at = now(),
                    password_hash = CASE WHEN version = $6 AND $5 IS NOT NULL THEN $5 ELSE password_hash END,
                    version = CASE WHEN version = $6 AND $5 IS NOT NULL THEN version + 1 ELSE version END
                WHERE id = $1
            ), login AS (
                INSERT INTO logins (id, account_id, token_hash, expires_at) VALUES ($2, $1, $3, now() + $4)
            )
            SELECT end_logins($1, $7 - 1, $8)
            """,
            parameters => parameters.Text(account.Id).Text(loginId).Bytes(tokenHash).Interval(accounts.Value.RefreshTokenLifetime)
                .Text(newHash).Long(account.Version).Integer(limits.Value.LoginCountMax).Interval(RevokeFor),
            reader => reader.ReadAsync());

    /// <summary>Changes the password, ends all logins and starts one. False when the password was changed meanwhile.</summary>
    public async Task<bool> ChangePasswordAsync(AccountRow account, string passwordHash, string loginId, byte[] tokenHash) =>
        await database.BatchAsync(
            batch =>
            {
                var change = batch.CreateBatchCommand();
                // The function sees the logins as they are before the new one comes.
                change.CommandText =
                    """
                    WITH changed AS (
                        UPDATE accounts SET password_hash = $2, version = version + 1, signed_in_at = now() WHERE id = $1 AND version = $3 RETURNING id
                    )
                    SELECT end_logins(id, 0, $4) FROM changed
                    """;
                change.Parameters.Text(account.Id).Text(passwordHash).Long(account.Version).Interval(RevokeFor);
                batch.BatchCommands.Add(change);
                var start = batch.CreateBatchCommand();
                start.CommandText =
                    """
                    INSERT INTO logins (id, account_id, token_hash, expires_at)
                    SELECT $2, id, $3, now() + $4 FROM accounts WHERE id = $1 AND version = $5 AND password_hash = $6
                    RETURNING id
                    """;
                start.Parameters.Text(account.Id).Text(loginId).Bytes(tokenHash).Interval(accounts.Value.RefreshTokenLifetime)
                    .Long(account.Version + 1).Text(passwordHash);
                batch.BatchCommands.Add(start);
            },
            async reader =>
            {
                await reader.NextResultAsync();
                return await reader.ReadAsync();
            });

    /// <summary>Takes the current token of a live login in exchange for the next; returns user and roles, or null.</summary>
    public Task<(string UserId, string Roles)?> RotateAsync(string loginId, byte[] currentHash, byte[] nextHash) =>
        database.QueryAsync<(string, string)?>(
            """
            UPDATE logins l SET token_hash = $3, generation = generation + 1, refreshed_at = now(), expires_at = now() + $4
            FROM accounts a
            WHERE l.id = $1 AND l.token_hash = $2 AND l.ended_at IS NULL AND l.expires_at > now() AND a.id = l.account_id
            RETURNING a.id, a.roles
            """,
            parameters => parameters.Text(loginId).Bytes(currentHash).Bytes(nextHash).Interval(accounts.Value.RefreshTokenLifetime),
            async reader => await reader.ReadAsync() ? (reader.GetString(0), reader.GetString(1)) : null);

    /// <summary>Whether a login is neither ended nor over.</summary>
    public Task<bool> IsLoginAliveAsync(string loginId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT 1 FROM logins WHERE id = $1 AND ended_at IS NULL AND expires_at > now()",
            parameters => parameters.Text(loginId),
            reader => reader.ReadAsync(),
            cancellationToken);

    /// <summary>Ends a login and notes that its access tokens no longer count. Returns its user when it was alive, else null.</summary>
    public Task<string?> EndLoginAsync(string loginId, string? ownerId) =>
        database.QueryAsync(
            """
            WITH ended AS (
                UPDATE logins SET ended_at = now() WHERE id = $1 AND ended_at IS NULL AND ($3 IS NULL OR account_id = $3) RETURNING id, account_id
            ), noted AS (
                INSERT INTO revocations (login_id, expires_at) SELECT id, now() + $2 FROM ended ON CONFLICT DO NOTHING
            )
            SELECT account_id FROM ended
            """,
            parameters => parameters.Text(loginId).Interval(RevokeFor).Text(ownerId),
            reader => reader.RowAsync(row => row.GetString(0)));

    /// <summary>True while this login of the account has not ended.</summary>
    public Task<bool> HasLiveLoginAsync(string accountId, string loginId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            "SELECT EXISTS (SELECT 1 FROM logins WHERE id = $1 AND account_id = $2 AND ended_at IS NULL AND expires_at > now())",
            parameters => parameters.Text(loginId).Text(accountId),
            async reader => await reader.ReadAsync() && reader.GetBoolean(0),
            cancellationToken);

    private Task<AccountRow?> FindAsync(string sql, string value, CancellationToken cancellationToken) =>
        database.ReadAsync(
            sql,
            parameters => parameters.Text(value),
            reader => reader.RowAsync(row => new AccountRow(
                row.GetString(0), row.GetString(1), row.TextOrNull(2), row.GetString(3), row.GetString(4), row.GetInt64(5), row.Time(6))),
            cancellationToken);
}

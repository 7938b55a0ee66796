using GrainVault.Accounts;
using GrainVault.Data;
using GrainVault.Files;
using GrainVault.Options;
using GrainVault.Uploads;
using Microsoft.Extensions.Options;
using Npgsql;

namespace GrainVault.Administration;

/// <summary>All users: accounts from the one database, quota and sessions from the other.</summary>
internal sealed class UserDirectory(IdentityDatabase identity, CatalogueDatabase catalogue, ListCursors cursors, IOptions<LimitsOptions> limits)
{
    private const int LimitMax = 1_000;

    private const string AccountColumns = "id, email, display_name, roles, created_at, signed_in_at, email_key";

    private static Refusal BadLimit { get; } = Refusals.Invalid("A limit is 1 to 1,000.");

    private static Refusal BadCursor { get; } = Refusals.Invalid("The cursor was not issued for this list.");

    /// <summary>A page of users, by address.</summary>
    public async Task<UserPageResult> ListAsync(string reader, string? emailPrefix, string? cursor, int limit, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > LimitMax)
            return new UserPageResult(BadLimit, [], null);
        var prefix = AccountKeys.EmailKey(emailPrefix ?? "");
        if (prefix.Length > EmailRules.LengthMax || prefix.Contains('\0', StringComparison.Ordinal))
            return new UserPageResult(null, [], null);
        var scope = ListCursors.Scope(reader, "users", prefix);
        string? after = null;
        if (cursor is not null && (after = await cursors.ReadAsync(scope, cursor, cancellationToken)) is null)
            return new UserPageResult(BadCursor, [], null);

        // chr(1114111) is the last code point: everything that begins with the prefix sorts before it.
        var rows = await identity.ReadAsync(
            $"""
            SELECT {AccountColumns} FROM accounts
            WHERE email_key >= $1 AND email_key < $1 || chr(1114111) AND ($2 IS NULL OR email_key > $2) ORDER BY email_key LIMIT $3
            """,
            parameters => parameters.Text(prefix).Text(after).Integer(limit + 1),
            reader => reader.RowsAsync(Read),
            cancellationToken);
        var next = rows.Count > limit ? await cursors.IssueAsync(scope, rows[limit - 1].EmailKey, cancellationToken) : null;
        return new UserPageResult(null, await CompleteAsync(rows.Take(limit).ToList(), cancellationToken), next);
    }

    /// <summary>One user; null when there is none.</summary>
    public async Task<UserSummary?> FindAsync(string userId, CancellationToken cancellationToken)
    {
        if (!Ids.IsValid(Ids.User, userId))
            return null;
        var row = await identity.ReadAsync(
            $"SELECT {AccountColumns} FROM accounts WHERE id = $1",
            parameters => parameters.Text(userId),
            reader => reader.RowAsync(Read),
            cancellationToken);
        return row is null ? null : (await CompleteAsync([row], cancellationToken))[0];
    }

    /// <summary>Changes a quota; the row is made where only the account is there yet.</summary>
    public Task SetQuotaAsync(string userId, long quotaBytes) =>
        catalogue.QueryAsync(
            "SELECT set_quota($1, $2)",
            parameters => parameters.Text(userId).Long(quotaBytes),
            reader => reader.ReadAsync());

    /// <summary>A page of unfinished sessions in the order of the index: by user, newest first.</summary>
    public async Task<SessionPageResult> ListUploadsAsync(string reader, string? userId, string? cursor, int limit, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > LimitMax)
            return new SessionPageResult(BadLimit, [], null);
        var scope = ListCursors.Scope(reader, "all uploads", userId);
        string[]? after = null;
        if (cursor is not null)
        {
            after = (await cursors.ReadAsync(scope, cursor, cancellationToken))?.Split(' ');
            if (after is not { Length: 2 })
                return new SessionPageResult(BadCursor, [], null);
        }

        // Ranges of one index: the rest of the user at whom the last page ended, and those after him.
        var ofOne = "SELECT * FROM uploads WHERE owner_id = $1 AND state <= 3 AND id < $2 ORDER BY id DESC LIMIT $3";
        var page = userId is not null
            ? ofOne
            : $"({ofOne}) UNION ALL (SELECT * FROM uploads WHERE owner_id > $1 AND state <= 3 ORDER BY owner_id, id DESC LIMIT $3)";
        var rows = await catalogue.ReadAsync(
            $"""
            SELECT id, owner_id, state, mode, size_bytes, reserved_bytes, created_at, expires_at,
                (SELECT coalesce(sum(p.size_bytes), 0)::bigint FROM upload_parts p WHERE p.upload_id = page.id)
            FROM ({page}) page ORDER BY owner_id, id DESC LIMIT $3
            """,
            // Ids are letters, digits and hyphens: all of them sort before a tilde.
            parameters => parameters.Text(userId ?? after?[0] ?? "").Text(after?[1] ?? "~").Integer(limit + 1),
            reader => reader.RowsAsync(row => new SessionSummary(
                row.GetString(0), row.GetString(1), (UploadState)row.GetInt16(2), (UploadMode)row.GetInt16(3), row.LongOrNull(4), row.GetInt64(8),
                row.GetInt64(5), row.Time(6), row.Time(7))),
            cancellationToken);
        if (rows.Count <= limit)
            return new SessionPageResult(null, rows, null);
        rows.RemoveAt(limit);
        return new SessionPageResult(null, rows, await cursors.IssueAsync(scope, $"{rows[^1].OwnerId} {rows[^1].Id}", cancellationToken));
    }

    private async Task<List<UserSummary>> CompleteAsync(List<AccountLine> rows, CancellationToken cancellationToken)
    {
        var quotas = (await catalogue.ReadAsync(
            """
            SELECT u.id, u.quota_bytes, u.used_bytes, u.reserved_bytes, (SELECT count(*) FROM uploads WHERE owner_id = u.id AND state <= 3)
            FROM users u WHERE u.id = ANY ($1)
            """,
            parameters => parameters.Texts([.. rows.Select(row => row.Id)]),
            reader => reader.RowsAsync(row => (Id: row.GetString(0), Quota: row.GetInt64(1), Used: row.GetInt64(2), Reserved: row.GetInt64(3), Open: row.GetInt64(4))),
            cancellationToken)).ToDictionary(row => row.Id, StringComparer.Ordinal);
        return rows.ConvertAll(row => quotas.TryGetValue(row.Id, out var quota)
            ? new UserSummary(row.Id, row.Email, row.DisplayName, row.Roles, quota.Quota, quota.Used, quota.Reserved, quota.Open, row.CreatedAt, row.SignedInAt)
            : new UserSummary(row.Id, row.Email, row.DisplayName, row.Roles, limits.Value.QuotaBytes, 0, 0, 0, row.CreatedAt, row.SignedInAt));
    }

    private static AccountLine Read(NpgsqlDataReader reader) => new(
        reader.GetString(0), reader.GetString(1), reader.TextOrNull(2), reader.GetString(3), reader.Time(4), reader.TimeOrNull(5), reader.GetString(6));

    private sealed record AccountLine(
        string Id, string Email, string? DisplayName, string Roles, DateTimeOffset CreatedAt, DateTimeOffset? SignedInAt, string EmailKey);
}

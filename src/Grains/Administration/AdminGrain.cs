using GrainVault.Accounts;
using GrainVault.Audit;
using Microsoft.Extensions.Logging;
using Orleans;

namespace GrainVault.Administration;

/// <summary>One administrator's view of all users. Holds nothing: every call asks the databases, also whether the caller still is one.</summary>
[GrainType("ad")]
internal sealed class AdminGrain(AccountRepository accounts, UserDirectory directory, AuditListing audit, StoreCallRepository storeCalls, ILogger<AdminGrain> logger) : Grain, IAdminGrain
{
    /// <summary>Largest quota, in bytes.</summary>
    private const long QuotaBytesMax = 1_000_000_000_000_000_000;

    private static Refusal Forbidden { get; } = new(RefusalReason.Forbidden, "This is for administrators.");

    private static Refusal NoSuchUser => Refusals.NotFound("user");

    /// <inheritdoc/>
    public async Task<UserPageResult> ListUsersAsync(string? emailPrefix, string? cursor, int limit, CancellationToken cancellationToken = default) =>
        await MayAsync(cancellationToken)
            ? await directory.ListAsync(this.GetPrimaryKeyString(), emailPrefix, cursor, limit, cancellationToken)
            : new UserPageResult(Forbidden, [], null);

    /// <inheritdoc/>
    public async Task<UserResult> GetUserAsync(string userId, CancellationToken cancellationToken = default)
    {
        if (!await MayAsync(cancellationToken))
            return new UserResult(Forbidden, null);
        return await directory.FindAsync(userId, cancellationToken) is { } user ? new UserResult(null, user) : new UserResult(NoSuchUser, null);
    }

    /// <inheritdoc/>
    public async Task<UserResult> SetQuotaAsync(string userId, long quotaBytes, CancellationToken cancellationToken = default)
    {
        if (!await MayAsync(cancellationToken))
            return new UserResult(Forbidden, null);
        if (quotaBytes is < 0 or > QuotaBytesMax)
            return new UserResult(Refusals.Invalid("A quota is 0 to 10^18 bytes."), null);
        if (await directory.FindAsync(userId, cancellationToken) is null)
            return new UserResult(NoSuchUser, null);
        await directory.SetQuotaAsync(userId, quotaBytes);
        AdminLog.QuotaChanged(logger, this.GetPrimaryKeyString(), userId, quotaBytes);
        return await directory.FindAsync(userId, cancellationToken) is { } user ? new UserResult(null, user) : new UserResult(NoSuchUser, null);
    }

    /// <inheritdoc/>
    public async Task<SessionPageResult> ListUploadsAsync(string? userId, string? cursor, int limit, CancellationToken cancellationToken = default)
    {
        if (!await MayAsync(cancellationToken))
            return new SessionPageResult(Forbidden, [], null);
        if (userId is not null && await directory.FindAsync(userId, cancellationToken) is null)
            return new SessionPageResult(NoSuchUser, [], null);
        return await directory.ListUploadsAsync(this.GetPrimaryKeyString(), userId, cursor, limit, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<AuditPageResult> ListAuditAsync(AuditQuery query, CancellationToken cancellationToken = default) =>
        await MayAsync(cancellationToken) ? await audit.ListAsync(this.GetPrimaryKeyString(), query, cancellationToken) : new AuditPageResult(Forbidden, [], null);

    /// <inheritdoc/>
    public async Task<StoreCallPageResult> ListStoreCallsAsync(StoreCallQuery query, CancellationToken cancellationToken = default) =>
        await MayAsync(cancellationToken) ? await storeCalls.ListAsync(this.GetPrimaryKeyString(), query, cancellationToken) : new StoreCallPageResult(Forbidden, [], null);

    /// <summary>The token may be older than the end of the right, so the account is asked.</summary>
    private async Task<bool> MayAsync(CancellationToken cancellationToken) =>
        Caller.UserId is { } user
        && user == this.GetPrimaryKeyString()
        && await accounts.FindAsync(user, cancellationToken) is { } account
        && Roles.IsAdministrator(account.Roles);
}

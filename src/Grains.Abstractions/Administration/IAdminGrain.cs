using GrainVault.Audit;
using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Administration;

/// <summary>
/// What administrators see and change. The right is looked up in the accounts with every call, so that it ends with the next one;
/// it is one to numbers and limits of others, never to their content. Key: the caller's id, so that all calls of one administrator meet.
/// Everybody else gets Forbidden.
/// </summary>
[Alias("gv.IAdminGrain")]
public interface IAdminGrain : IGrainWithStringKey
{
    /// <summary>A page of users by their address. Refusal: Invalid (cursor, limit).</summary>
    /// <param name="emailPrefix">Beginning of the address, whatever its case; null for all.</param>
    /// <param name="cursor">From the page before.</param>
    /// <param name="limit">1 to 1,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [ReadOnly, Alias("ListUsers")]
    Task<UserPageResult> ListUsersAsync(string? emailPrefix, string? cursor, int limit, CancellationToken cancellationToken = default);

    /// <summary>One user. Refusal: NotFound.</summary>
    [ReadOnly, Alias("GetUser")]
    Task<UserResult> GetUserAsync(string userId, CancellationToken cancellationToken = default);

    /// <summary>
    /// Changes a user's quota at once, also to less than is used: nothing is removed, and what needs more room is refused. A repeat changes
    /// nothing more. Refusals: NotFound, Invalid.
    /// </summary>
    /// <param name="userId">The user.</param>
    /// <param name="quotaBytes">0 to 10^18 bytes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [Alias("SetQuota")]
    Task<UserResult> SetQuotaAsync(string userId, long quotaBytes, CancellationToken cancellationToken = default);

    /// <summary>A page of unfinished upload sessions, those of one user or of all, by user and then newest first. Refusal: Invalid (cursor, limit).</summary>
    [ReadOnly, Alias("ListUploads")]
    Task<SessionPageResult> ListUploadsAsync(string? userId, string? cursor, int limit, CancellationToken cancellationToken = default);

    /// <summary>A page of the audit of one user or of all, newest first. Refusal: Invalid.</summary>
    [ReadOnly, Alias("ListAudit")]
    Task<AuditPageResult> ListAuditAsync(AuditQuery query, CancellationToken cancellationToken = default);

    /// <summary>A page of the object store's calls, newest first. Refusal: Invalid.</summary>
    [ReadOnly, Alias("ListStoreCalls")]
    Task<StoreCallPageResult> ListStoreCallsAsync(StoreCallQuery query, CancellationToken cancellationToken = default);
}

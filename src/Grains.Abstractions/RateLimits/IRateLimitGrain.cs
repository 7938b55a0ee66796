using Orleans;

namespace GrainVault.RateLimits;

/// <summary>
/// Owns one budget of requests for the whole cluster and leases tokens of it to front ends. It lives in memory alone: when its
/// activation moves, the budget starts full again, which lets through one burst more and nothing else. Keys:
/// <see cref="RateLimitKeys"/>.
/// </summary>
[Alias("gv.IRateLimitGrain")]
public interface IRateLimitGrain : IGrainWithStringKey
{
    /// <summary>Takes up to <paramref name="count"/> tokens, as many as there are. A repeat takes more; a lost answer loses its tokens.</summary>
    /// <param name="count">1 to 1,000,000,000.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    [Alias("Lease"), ResponseTimeout("00:00:05")]
    Task<RateLease> LeaseAsync(long count, CancellationToken cancellationToken = default);

    /// <summary>Gives tokens back that turned out not to count.</summary>
    [Alias("Return"), ResponseTimeout("00:00:05")]
    Task ReturnAsync(long count, CancellationToken cancellationToken = default);
}

/// <summary>What came of asking for tokens.</summary>
/// <param name="Granted">Tokens that the caller has now, 0 or more.</param>
/// <param name="Remaining">Tokens that are left.</param>
/// <param name="RetryAfter">When asking again gives at least half of what was missing; zero when nothing was.</param>
[GenerateSerializer, Immutable, Alias("gv.RateLease")]
public sealed record RateLease(
    [property: Id(0)] long Granted,
    [property: Id(1)] long Remaining,
    [property: Id(2)] TimeSpan RetryAfter);

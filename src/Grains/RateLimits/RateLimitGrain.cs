using GrainVault.Options;
using Microsoft.Extensions.Options;
using Orleans;

namespace GrainVault.RateLimits;

/// <summary>One budget. An activation that was idle for two minutes is full again, so nothing is lost with it.</summary>
[GrainType("rl"), CollectionAgeLimit(Minutes = 2)]
internal sealed class RateLimitGrain(IOptions<LimitsOptions> limits, TimeProvider time) : Grain, IRateLimitGrain
{
    private const long CountMax = 1_000_000_000;

    private TokenBucket? _bucket;

    private TokenBucket Bucket => _bucket ??= new TokenBucket(RateBudget.Of(KindOfKey(), limits.Value), time);

    /// <inheritdoc/>
    public Task<RateLease> LeaseAsync(long count, CancellationToken cancellationToken = default)
    {
        Invariant.That(count is > 0 and <= CountMax, "a lease is for some tokens");
        var granted = Bucket.Take(count);
        var missing = count - granted;
        var retryAfter = missing == 0 ? TimeSpan.Zero : Bucket.TimeUntil(Math.Max(1, missing / 2));
        return Task.FromResult(new RateLease(granted, Bucket.Available, retryAfter));
    }

    /// <inheritdoc/>
    public Task ReturnAsync(long count, CancellationToken cancellationToken = default)
    {
        Invariant.That(count is > 0 and <= CountMax, "some tokens are given back");
        Bucket.Return(count);
        return Task.CompletedTask;
    }

    private RateLimitKind KindOfKey()
    {
        var kind = RateLimitKeys.KindOf(this.GetPrimaryKeyString());
        Invariant.That(kind is not null, "the key names a kind of budget");
        return kind!.Value;
    }
}

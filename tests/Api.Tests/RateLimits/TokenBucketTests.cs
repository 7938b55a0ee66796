using GrainVault.RateLimits;
using GrainVault.TestKit;

namespace GrainVault.Api.Tests.RateLimits;

public sealed class TokenBucketTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Bucket_is_full_at_first_fills_evenly_and_never_overflows()
    {
        var bucket = new TokenBucket(new RateBudget(60, TimeSpan.FromMinutes(1)), _time);
        Assert.Equal(60, bucket.Take(100));
        Assert.Equal(0, bucket.Take(1));
        Assert.Equal(TimeSpan.FromSeconds(5), bucket.TimeUntil(5));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(5, bucket.Available);
        _time.Advance(TimeSpan.FromHours(1));
        bucket.Return(10);
        Assert.Equal(60, bucket.Take(100));
    }

    [Fact]
    public void Fractions_of_tokens_are_not_lost()
    {
        var bucket = new TokenBucket(new RateBudget(3, TimeSpan.FromSeconds(1)), _time);
        bucket.Take(3);
        var taken = 0L;
        for (var step = 0; step < 1000; step++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(10));
            taken += bucket.Take(1);
        }

        Assert.InRange(taken, 29, 30);
    }

    [Fact]
    public void Keys_name_their_kind()
    {
        foreach (var kind in Enum.GetValues<RateLimitKind>())
            Assert.Equal(kind, RateLimitKeys.KindOf(RateLimitKeys.Of(kind, "x")));
        Assert.Null(RateLimitKeys.KindOf("rl-x-1"));
    }
}

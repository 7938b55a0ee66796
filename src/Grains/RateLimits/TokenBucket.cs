namespace GrainVault.RateLimits;

/// <summary>A budget over time: full at first, and filled evenly. Not for use by several threads at once.</summary>
public sealed class TokenBucket(RateBudget budget, TimeProvider time)
{
    private double _tokens = budget.Count;
    private long _at = time.GetTimestamp();

    /// <summary>Whole tokens that are there now.</summary>
    public long Available
    {
        get
        {
            Fill();
            return (long)_tokens;
        }
    }

    /// <summary>Takes up to <paramref name="count"/> tokens.</summary>
    /// <returns>Tokens taken.</returns>
    public long Take(long count)
    {
        var taken = Math.Min(count, Available);
        _tokens -= taken;
        return taken;
    }

    /// <summary>Puts tokens back; what does not fit is lost.</summary>
    public void Return(long count)
    {
        Fill();
        _tokens = Math.Min(budget.Count, _tokens + count);
    }

    /// <summary>Time until <paramref name="count"/> tokens are there, or all that ever are.</summary>
    public TimeSpan TimeUntil(long count)
    {
        Fill();
        return budget.TimeFor(Math.Max(0, Math.Min(count, budget.Count) - _tokens));
    }

    private void Fill()
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(budget.Count, _tokens + budget.TokensIn(time.GetElapsedTime(_at, now)));
        _at = now;
    }
}

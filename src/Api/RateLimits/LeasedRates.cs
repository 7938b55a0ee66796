using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using GrainVault.RateLimits;

namespace GrainVault.Api.RateLimits;

/// <summary>
/// Budgets of one kind, one per key, that hold across all front ends: each belongs to a grain, which leases tokens in batches.
/// In the common case a request takes a token that is here already: no call, no wait, no allocation.
/// </summary>
/// <typeparam name="TKey">A user id, or an address.</typeparam>
/// <param name="policy">The budget and its batches.</param>
/// <param name="keysMax">Most keys that are remembered.</param>
/// <param name="nameOf">Name of a key in the owner's key.</param>
/// <param name="grains">Grains.</param>
/// <param name="health">Hears whether owners answer.</param>
internal sealed class LeasedRates<TKey>(LeasePolicy policy, int keysMax, Func<TKey, string> nameOf, IGrainFactory grains, RateLimitHealth health)
    where TKey : notnull
{
    /// <summary>Answers that one request waits for at most.</summary>
    private const int WaitCountMax = 3;

    private readonly ConcurrentDictionary<TKey, LeasedTokens> _keys = new();
    private long _sweptAt;
    private int _count;

    /// <summary>The budget, for headers.</summary>
    public RateBudget Budget => policy.Budget;

    /// <summary>Keys that are remembered now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes a token for one request.</summary>
    /// <param name="key">Whose request.</param>
    /// <param name="decision">The decision, where it is known at once.</param>
    /// <param name="deciding">The decision to be, where the owner has to be heard first; otherwise null.</param>
    /// <returns>True when the decision is known.</returns>
    public bool TryTake(TKey key, out RateDecision decision, [NotNullWhen(false)] out Task<RateDecision>? deciding)
    {
        var now = policy.Time.GetTimestamp();
        if (!_keys.TryGetValue(key, out var tokens))
            tokens = Add(key, now);
        var outcome = tokens.Take(now, out decision, out var ask, out var answer);
        if (ask > 0)
            _ = AskAsync(tokens, ask);
        deciding = outcome == TakeOutcome.Waits ? WaitAsync(tokens, answer!) : null;
        return deciding is null;
    }

    private async Task<RateDecision> WaitAsync(LeasedTokens tokens, Task answer)
    {
        for (var count = 1; ; count++)
        {
            await answer;
            var outcome = tokens.Take(policy.Time.GetTimestamp(), out var decision, out var ask, out var next);
            if (ask > 0)
                _ = AskAsync(tokens, ask);
            if (outcome != TakeOutcome.Waits || count == WaitCountMax)
                return decision;
            answer = next!;
        }
    }

    // Ends within the policy's wait, whatever the owner does: requests may be waiting for it.
    private async Task AskAsync(LeasedTokens tokens, long count)
    {
        try
        {
            var lease = await grains.GetGrain<IRateLimitGrain>(tokens.GrainKey).LeaseAsync(count).WaitAsync(policy.LeaseWait, policy.Time);
            tokens.Granted(lease, policy.Time.GetTimestamp());
            health.Answered();
        }
        catch (Exception exception)
        {
            tokens.NotGranted(policy.Time.GetTimestamp());
            health.DidNotAnswer(exception);
        }
    }

    private LeasedTokens Add(TKey key, long now)
    {
        if (Count >= keysMax)
            MakeRoom(now);
        var added = new LeasedTokens(RateLimitKeys.Of(policy.Kind, nameOf(key)), policy, now);
        var kept = _keys.GetOrAdd(key, added);
        if (ReferenceEquals(kept, added))
            Interlocked.Increment(ref _count);
        return kept;
    }

    // Once a second at most, so that a flood of keys does not pay for a sweep each. Those that rest go first; when that is not
    // enough, one in eight goes: whoever made the flood has paid for it with a request per key.
    private void MakeRoom(long now)
    {
        var swept = Volatile.Read(ref _sweptAt);
        var isSwept = swept != 0 && policy.Time.GetElapsedTime(swept, now) < TimeSpan.FromSeconds(1);
        if (!isSwept && Interlocked.CompareExchange(ref _sweptAt, now, swept) == swept)
        {
            var restedSince = now - policy.Stamps(policy.Budget.Window);
            foreach (var (key, tokens) in _keys)
            {
                if (tokens.UsedAt < restedSince && tokens.IsAtRest)
                    Forget(key);
            }
        }

        var excess = Count < keysMax ? 0 : Count - keysMax + Math.Max(1, keysMax / 8);
        foreach (var (key, _) in _keys)
        {
            if (excess-- <= 0)
                return;
            Forget(key);
        }
    }

    private void Forget(TKey key)
    {
        if (_keys.TryRemove(key, out _))
            Interlocked.Decrement(ref _count);
    }
}

using System.Collections.Concurrent;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.Api.Auth;

/// <summary>
/// Tokens whose signature and claims were verified, so that a busy client's token is not verified at each request. Bounded;
/// a token is dropped at its end, and all are when the keys change. Ended logins are checked apart, after this.
/// </summary>
/// <param name="countMax">Most tokens.</param>
/// <param name="clockSkew">Time that a token lives beyond its end.</param>
/// <param name="time">Clock.</param>
internal sealed class VerifiedTokens(int countMax, TimeSpan clockSkew, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Entry> _tokens = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>Tokens that are remembered now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The verdict on a token that was accepted before under the same keys and is alive; null otherwise.</summary>
    public Task<TokenValidationResult>? Find(string token, int generation)
    {
        if (!_tokens.TryGetValue(token, out var entry))
            return null;
        if (entry.Generation == generation && time.GetUtcNow() < entry.EndsAt)
            return entry.Verdict;
        Drop(token);
        return null;
    }

    /// <summary>Remembers an accepted token.</summary>
    public void Add(string token, TokenValidationResult verdict, int generation)
    {
        if (Count >= countMax)
            MakeRoom();
        var endsAt = new DateTimeOffset(DateTime.SpecifyKind(verdict.SecurityToken.ValidTo, DateTimeKind.Utc)) + clockSkew;
        if (_tokens.TryAdd(token, new Entry(Task.FromResult(verdict), endsAt, generation)))
            Interlocked.Increment(ref _count);
    }

    // Those that ended go first; when that is not enough, one in eight goes, in no particular order.
    private void MakeRoom()
    {
        var now = time.GetUtcNow();
        foreach (var (token, entry) in _tokens)
        {
            if (entry.EndsAt <= now)
                Drop(token);
        }

        var excess = Count - (countMax - Math.Max(1, countMax / 8));
        foreach (var (token, _) in _tokens)
        {
            if (excess-- <= 0)
                return;
            Drop(token);
        }
    }

    private void Drop(string token)
    {
        if (_tokens.TryRemove(token, out _))
            Interlocked.Decrement(ref _count);
    }

    private sealed record Entry(Task<TokenValidationResult> Verdict, DateTimeOffset EndsAt, int Generation);
}

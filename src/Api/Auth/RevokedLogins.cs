using System.Collections.Concurrent;

namespace GrainVault.Api.Auth;

/// <summary>
/// Logins that were ended while access tokens of theirs may still be alive. When the set is too old or too large to be
/// relied on, no token is trusted.
/// </summary>
/// <param name="countMax">Most logins.</param>
/// <param name="staleMax">Longest time without a successful poll.</param>
/// <param name="pauseMax">
/// Longest time without a poll at all. A process that stood still (SIGSTOP, a machine that slept) has not failed to hear of ended
/// logins, it has not asked; the first requests after that wait at its door, and would be served before the next answer comes.
/// </param>
/// <param name="time">Clock.</param>
internal sealed class RevokedLogins(int countMax, TimeSpan staleMax, TimeSpan pauseMax, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _logins = new(StringComparer.Ordinal);
    private long _askedAt = long.MinValue;
    private long _confirmedAt = long.MinValue;
    private volatile bool _hasPaused;
    private volatile bool _isFull;

    /// <summary>Logins in the set.</summary>
    public int Count => _logins.Count;

    /// <summary>False when a token can't be checked against the set.</summary>
    public bool IsReliable
    {
        get
        {
            var (askedAt, confirmedAt, now) = (Volatile.Read(ref _askedAt), Volatile.Read(ref _confirmedAt), time.GetTimestamp());
            return !_isFull
                && !_hasPaused
                && askedAt != long.MinValue
                && confirmedAt != long.MinValue
                && time.GetElapsedTime(askedAt, now) <= pauseMax
                && time.GetElapsedTime(confirmedAt, now) <= staleMax;
        }
    }

    /// <summary>True when tokens of the login no longer count.</summary>
    public bool Contains(string loginId) => _logins.ContainsKey(loginId);

    /// <summary>Adds a login until no token of it can be alive.</summary>
    public void Add(string loginId, DateTimeOffset until)
    {
        if (_logins.Count >= countMax && !_logins.ContainsKey(loginId))
            _isFull = true;
        else
            _logins[loginId] = until;
    }

    /// <summary>States that a poll begins. After too long a pause its answer has to come first.</summary>
    public void Asking()
    {
        var (now, before) = (time.GetTimestamp(), Volatile.Read(ref _askedAt));
        if (before != long.MinValue && time.GetElapsedTime(before, now) > pauseMax)
            _hasPaused = true;
        Volatile.Write(ref _askedAt, now);
    }

    /// <summary>States that the set holds everything that was ended up to now, and forgets what no longer matters.</summary>
    public void Confirm()
    {
        var now = time.GetUtcNow();
        foreach (var (login, until) in _logins)
        {
            if (until <= now)
                _logins.TryRemove(login, out _);
        }

        if (_logins.Count < countMax)
            _isFull = false;
        _hasPaused = false;
        Volatile.Write(ref _confirmedAt, time.GetTimestamp());
    }
}

using GrainVault.Api.Http;
using GrainVault.Api.RateLimits;
using GrainVault.Api.Shedding;

namespace GrainVault.Api.Archives;

/// <summary>Archives that this front end makes at once: each holds a list of what it has written until its end.</summary>
internal sealed class ZipPlaces(FrontEndLimits limits)
{
    private const int RetryAfterSeconds = 5;

    private readonly KeyedCounts<string> _users = new(limits.ZipCountPerUserMax);
    private readonly KeyedCounts<AddressKey> _visitors = new(limits.ZipCountPerUserMax);

    // However many addresses visitors come from, half of the places are for users.
    private readonly int _visitorCountMax = Math.Max(1, limits.ZipCountMax / 2);
    private int _count;
    private int _visitorCount;

    /// <summary>A place for an archive of a user, given back by disposing it; a problem when there is none.</summary>
    public (Problem? Refused, IDisposable? Place) TryEnter(string userId)
    {
        if (!_users.TryEnter(userId))
            return (TooMany, null);
        if (TryTake(ref _count, limits.ZipCountMax))
            return (null, new Place(() =>
            {
                Interlocked.Decrement(ref _count);
                _users.Leave(userId);
            }));
        _users.Leave(userId);
        return (Full, null);
    }

    /// <summary>A place for an archive of a visitor, who has those of his address over all links; a problem when there is none.</summary>
    public (Problem? Refused, IDisposable? Place) TryEnter(AddressKey address)
    {
        if (!_visitors.TryEnter(address))
            return (TooMany, null);
        if (TryTake(ref _visitorCount, _visitorCountMax))
        {
            if (TryTake(ref _count, limits.ZipCountMax))
                return (null, new Place(() =>
                {
                    Interlocked.Decrement(ref _count);
                    Interlocked.Decrement(ref _visitorCount);
                    _visitors.Leave(address);
                }));
            Interlocked.Decrement(ref _visitorCount);
        }

        _visitors.Leave(address);
        return (Full, null);
    }

    private static Problem TooMany =>
        new(ProblemTypes.Throttled, "You have too many archives made at once; take one after the other.") { RetryAfterSeconds = RetryAfterSeconds };

    private static Problem Full =>
        new(ProblemTypes.Overloaded, "Too many archives are being made at this front end; try again.") { RetryAfterSeconds = RetryAfterSeconds };

    private static bool TryTake(ref int count, int countMax)
    {
        if (Interlocked.Increment(ref count) <= countMax)
            return true;
        Interlocked.Decrement(ref count);
        return false;
    }

    private sealed class Place(Action leave) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 0)
                leave();
        }
    }
}

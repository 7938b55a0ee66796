using GrainVault.Api.Http;
using GrainVault.Api.Shedding;

namespace GrainVault.Api.Archives;

/// <summary>Archives that this front end makes at once: each holds a list of what it has written until its end.</summary>
internal sealed class ZipPlaces(FrontEndLimits limits)
{
    private const int RetryAfterSeconds = 5;

    private readonly KeyedCounts<string> _users = new(limits.ZipCountPerUserMax);
    private int _count;

    /// <summary>A place for an archive of a user, given back by disposing it; a problem when there is none.</summary>
    public (Problem? Refused, IDisposable? Place) TryEnter(string userId)
    {
        if (!_users.TryEnter(userId))
            return (new Problem(ProblemTypes.Throttled, "You have too many archives made at once; take one after the other.") { RetryAfterSeconds = RetryAfterSeconds }, null);
        if (Interlocked.Increment(ref _count) <= limits.ZipCountMax)
            return (null, new Place(this, userId));
        Interlocked.Decrement(ref _count);
        _users.Leave(userId);
        return (new Problem(ProblemTypes.Overloaded, "Too many archives are being made at this front end; try again.") { RetryAfterSeconds = RetryAfterSeconds }, null);
    }

    private sealed class Place(ZipPlaces places, string userId) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) != 0)
                return;
            Interlocked.Decrement(ref places._count);
            places._users.Leave(userId);
        }
    }
}

using GrainVault.Api.Http;

namespace GrainVault.Api.Archives;

/// <summary>Archives that this front end makes at once: each holds a list of what it has written until its end.</summary>
internal sealed class ZipPlaces(FrontEndLimits limits)
{
    private int _count;

    /// <summary>A place, given back by disposing it; null when there is none.</summary>
    public IDisposable? TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= limits.ZipCountMax)
            return new Place(this);
        Interlocked.Decrement(ref _count);
        return null;
    }

    private sealed class Place(ZipPlaces places) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 0)
                Interlocked.Decrement(ref places._count);
        }
    }
}

using GrainVault.Api.Http;

namespace GrainVault.Api.Shedding;

/// <summary>Counts the requests under way that cost more than reading metadata.</summary>
internal sealed class RequestAdmission(FrontEndLimits limits)
{
    private int _uploads;
    private int _expensive;

    /// <summary>Uploads under way.</summary>
    public int UploadCount => Volatile.Read(ref _uploads);

    /// <summary>Requests under way that cost more than reading metadata, uploads included.</summary>
    public int ExpensiveCount => Volatile.Read(ref _expensive);

    /// <summary>Counts a request in; false when there are too many of its kind.</summary>
    public bool TryEnter(RequestWeight weight)
    {
        if (weight == RequestWeight.Read)
            return true;
        if (!TryIncrement(ref _expensive, limits.ExpensiveRequestsMax))
            return false;
        if (weight != RequestWeight.Upload || TryIncrement(ref _uploads, limits.UploadRequestsMax))
            return true;
        Interlocked.Decrement(ref _expensive);
        return false;
    }

    /// <summary>Counts a request out that was counted in.</summary>
    public void Leave(RequestWeight weight)
    {
        if (weight == RequestWeight.Read)
            return;
        if (weight == RequestWeight.Upload)
            Interlocked.Decrement(ref _uploads);
        Interlocked.Decrement(ref _expensive);
    }

    private static bool TryIncrement(ref int count, int max)
    {
        if (Interlocked.Increment(ref count) <= max)
            return true;
        Interlocked.Decrement(ref count);
        return false;
    }
}

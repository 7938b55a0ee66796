using GrainVault.Api.Http;

namespace GrainVault.Api.Shedding;

/// <summary>How many of the costly requests under way one key may have.</summary>
/// <typeparam name="TKey">A user id, or an address.</typeparam>
/// <param name="limits">Limits of all together.</param>
/// <param name="share">Share of both limits that one key has, above 0 and up to 1; one request passes whatever it comes to.</param>
internal sealed class RequestShares<TKey>(FrontEndLimits limits, double share)
    where TKey : notnull
{
    private readonly KeyedCounts<TKey> _expensive = new(PartOf(limits.ExpensiveRequestsMax, share));
    private readonly KeyedCounts<TKey> _uploads = new(PartOf(limits.UploadRequestsMax, share));

    /// <summary>Keys with a request under way.</summary>
    public int KeyCount => _expensive.KeyCount;

    /// <summary>Counts a request in that costs more than a read; false when its key has its share.</summary>
    public bool TryEnter(RequestWeight weight, TKey key)
    {
        if (!_expensive.TryEnter(key))
            return false;
        if (weight != RequestWeight.Upload || _uploads.TryEnter(key))
            return true;
        _expensive.Leave(key);
        return false;
    }

    /// <summary>Counts a request out that was counted in.</summary>
    public void Leave(RequestWeight weight, TKey key)
    {
        if (weight == RequestWeight.Upload)
            _uploads.Leave(key);
        _expensive.Leave(key);
    }

    private static int PartOf(int max, double share) => Math.Max(1, (int)(max * share));
}

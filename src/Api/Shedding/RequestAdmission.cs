using GrainVault.Api.Http;
using GrainVault.Api.RateLimits;

namespace GrainVault.Api.Shedding;

/// <summary>What came of asking for a place.</summary>
internal enum AdmissionOutcome
{
    /// <summary>The request has one, until it leaves.</summary>
    Admitted,

    /// <summary>Its address has its share of the places.</summary>
    BeyondShare,

    /// <summary>All places are taken.</summary>
    Full,
}

/// <summary>
/// Counts the requests under way that cost more than reading metadata. A place is taken before anybody knows who asks, so an
/// address has a share of them; once the token is checked, a user has one too. Without shares one stranger whose bodies come
/// byte by byte would keep everybody else out.
/// </summary>
internal sealed class RequestAdmission(FrontEndLimits limits)
{
    private int _uploads;
    private int _expensive;

    /// <summary>Uploads under way.</summary>
    public int UploadCount => Volatile.Read(ref _uploads);

    /// <summary>Requests under way that cost more than reading metadata, uploads included.</summary>
    public int ExpensiveCount => Volatile.Read(ref _expensive);

    /// <summary>Shares of addresses; an IPv6 address counts as its /64.</summary>
    public RequestShares<AddressKey> Addresses { get; } = new(limits, limits.RequestSharePerAddress);

    /// <summary>Shares of users, in requests that have a place already.</summary>
    public RequestShares<string> Users { get; } = new(limits, limits.RequestSharePerUser);

    /// <summary>Counts a request in. What only reads metadata is never refused, and never counted.</summary>
    public AdmissionOutcome TryEnter(RequestWeight weight, AddressKey address)
    {
        if (weight == RequestWeight.Read)
            return AdmissionOutcome.Admitted;
        if (!TryEnter(weight))
            return AdmissionOutcome.Full;
        if (Addresses.TryEnter(weight, address))
            return AdmissionOutcome.Admitted;
        Leave(weight);
        return AdmissionOutcome.BeyondShare;
    }

    /// <summary>Counts a request out that was counted in.</summary>
    public void Leave(RequestWeight weight, AddressKey address)
    {
        if (weight == RequestWeight.Read)
            return;
        Addresses.Leave(weight, address);
        Leave(weight);
    }

    private bool TryEnter(RequestWeight weight)
    {
        if (!TryIncrement(ref _expensive, limits.ExpensiveRequestsMax))
            return false;
        if (weight != RequestWeight.Upload || TryIncrement(ref _uploads, limits.UploadRequestsMax))
            return true;
        Interlocked.Decrement(ref _expensive);
        return false;
    }

    private void Leave(RequestWeight weight)
    {
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

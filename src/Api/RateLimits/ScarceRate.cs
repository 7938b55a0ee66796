using System.Net;
using GrainVault.Api.Http;
using GrainVault.RateLimits;

namespace GrainVault.Api.RateLimits;

/// <summary>
/// A budget per address of something rare and costly, such as signups: its owner is asked each time, so that it is exact across
/// all front ends. While the owner can't be asked, a share of it is counted here.
/// </summary>
internal sealed class ScarceRate(LeasePolicy policy, AddressRate alone, IGrainFactory grains, RateLimitHealth health, ILogger<ScarceRate> logger)
{
    /// <summary>The budget, for headers.</summary>
    public RateBudget Budget => policy.Budget;

    /// <summary>Takes a token.</summary>
    public async ValueTask<RateDecision> TakeAsync(IPAddress? address)
    {
        try
        {
            var lease = await OwnerOf(address).LeaseAsync(1).WaitAsync(policy.LeaseWait, policy.Time);
            health.Answered();
            return lease.Granted > 0 ? RateDecision.Admitted(lease.Remaining) with { IsFromOwner = true } : RateDecision.Refused(lease.RetryAfter);
        }
        catch (Exception exception)
        {
            health.DidNotAnswer(exception);
            var wait = alone.Take(address);
            return wait == TimeSpan.Zero ? RateDecision.Admitted(0) : RateDecision.Refused(wait);
        }
    }

    /// <summary>
    /// Gives a token back for an attempt that turned out not to count. Nobody waits for it; when it is lost, the budget recovers by
    /// itself. What was counted here, while the owner could not be asked, is not the owner's to get, and stays counted.
    /// </summary>
    /// <param name="address">Whose attempt.</param>
    /// <param name="taken">What came of taking the token.</param>
    public void Return(IPAddress? address, in RateDecision taken)
    {
        if (taken.IsFromOwner)
            _ = ReturnAsync(address);
    }

    private async Task ReturnAsync(IPAddress? address)
    {
        try
        {
            await OwnerOf(address).ReturnAsync(1);
        }
        catch (Exception exception)
        {
            logger.NotReturned(exception);
        }
    }

    private IRateLimitGrain OwnerOf(IPAddress? address) =>
        grains.GetGrain<IRateLimitGrain>(RateLimitKeys.Of(policy.Kind, AddressKey.Of(address).Hash()));
}

internal static partial class ScarceRateLog
{
    [LoggerMessage(1303, LogLevel.Debug, "An attempt that does not count could not be given back to its budget.")]
    public static partial void NotReturned(this ILogger<ScarceRate> logger, Exception exception);
}

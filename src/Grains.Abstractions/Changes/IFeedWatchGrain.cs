using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Changes;

/// <summary>
/// Waits for changes on behalf of front ends, in the silo that is asked. Keys <c>fw-0</c> to <c>fw-15</c>, so that a front end that is no
/// silo itself spreads its waiting over gateways.
/// </summary>
[Alias("gv.IFeedWatchGrain")]
public interface IFeedWatchGrain : IGrainWithStringKey
{
    /// <summary>Keys.</summary>
    const int KeyCount = 16;

    /// <summary>Longest wait of one call, in seconds: less than a call may take.</summary>
    const int WaitSecondsMax = 20;

    /// <summary>
    /// Returns when the caller's feed may have something after the cursor, at once when it has, and after the wait at the latest. Refusals:
    /// Invalid (cursor), CursorExpired, Throttled (the caller waits in too many calls), Busy (too many wait in this silo).
    /// </summary>
    /// <param name="cursor">From a page of the feed.</param>
    /// <param name="wait">Up to <see cref="WaitSecondsMax"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    [AlwaysInterleave, Alias("Wait")]
    Task<Outcome> WaitAsync(string cursor, TimeSpan wait, CancellationToken cancellationToken = default);
}

using GrainVault.Accounts;
using GrainVault.Api.Gateway;
using GrainVault.Changes;

namespace GrainVault.Api.Changes;

/// <summary>Reads the feed of one user, and waits for more, through whatever silo there is.</summary>
internal sealed class FeedReader(IGrainFactory grains, GrainCalls calls, TimeProvider time)
{
    private const uint FnvBasis = 2_166_136_261;
    private const uint FnvPrime = 16_777_619;

    /// <summary>A page that has something, or the last one within the wait.</summary>
    public async Task<ChangePageResult> ReadAsync(string userId, string? cursor, int limit, TimeSpan wait, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var page = await calls.RepeatableAsync(
                (User: grains.GetGrain<IUserGrain>(userId), cursor, limit),
                static (call, token) => call.User.ReadChangesAsync(call.cursor, call.limit, token),
                cancellationToken);
            var rest = wait - time.GetElapsedTime(start);
            if (page.Refusal is not null || page.Changes.Count > 0 || page.HasMore || rest <= TimeSpan.Zero)
                return page;
            cursor = page.Cursor;
            if (await WaitAsync(userId, cursor!, rest, cancellationToken) is { } refusal)
                return new ChangePageResult(refusal, [], null, HasMore: false);
        }
    }

    /// <summary>Returns when there may be something after the cursor, or earlier; a refusal when it can't be waited for.</summary>
    private async Task<Refusal?> WaitAsync(string userId, string cursor, TimeSpan wait, CancellationToken cancellationToken)
    {
        var longest = TimeSpan.FromSeconds(IFeedWatchGrain.WaitSecondsMax);
        var watch = grains.GetGrain<IFeedWatchGrain>($"fw-{KeyOf(userId)}");
        var outcome = await calls.RepeatableAsync(
            (watch, cursor, Wait: wait < longest ? wait : longest), static (call, token) => call.watch.WaitAsync(call.cursor, call.Wait, token), cancellationToken);
        return outcome.Refusal;
    }

    private static uint KeyOf(string userId)
    {
        var hash = FnvBasis;
        foreach (var unit in userId)
            hash = unchecked((hash ^ unit) * FnvPrime);
        return hash % IFeedWatchGrain.KeyCount;
    }
}

using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Changes;

/// <summary>Lends waiting front ends the one look at the database that this process makes.</summary>
[GrainType("fw"), StatelessWorker(1)]
internal sealed class FeedWatchGrain(FeedWatch watch, FeedRepository repository, FeedCursors cursors) : Grain, IFeedWatchGrain
{
    /// <inheritdoc/>
    public async Task<Outcome> WaitAsync(string cursor, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        if (Caller.UserId is not { } user)
            return new Outcome(Refusals.NotFound("user"));
        var (refusal, position) = await cursors.ReadAsync(user, cursor, cancellationToken);
        if (position is null)
            return new Outcome(refusal);
        // Before the owners: a share that comes between the two is seen as new.
        var told = await repository.FindToldAsync([user], cancellationToken);
        var owners = await repository.FindOwnersAsync(user, cancellationToken);
        if (position.Phase != FeedPhase.Changes || owners.Any(owner => position.Numbers.GetValueOrDefault(owner.Hash) != owner.LastNumber))
            return Outcome.Done;
        var longest = TimeSpan.FromSeconds(IFeedWatchGrain.WaitSecondsMax);
        return new Outcome(await watch.WaitAsync(
            user,
            owners.ToDictionary(owner => owner.Id, owner => owner.LastNumber, StringComparer.Ordinal),
            told.TryGetValue(user, out var at) ? at : null,
            wait < longest ? wait : longest,
            cancellationToken));
    }
}

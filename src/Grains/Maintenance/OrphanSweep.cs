using System.Globalization;
using GrainVault.Data;
using GrainVault.Options;
using GrainVault.Storage;
using Microsoft.Extensions.Options;

namespace GrainVault.Maintenance;

/// <summary>
/// Compares a sixteenth of the store with the ledger. What the store has and the ledger does not know becomes garbage of
/// the ledger; nothing is deleted here. Stops with an alarm when too much is unknown: then the ledger is wrong, not the store.
/// </summary>
internal sealed class OrphanSweep(
    JanitorRepository repository,
    GarbageCollector garbage,
    InstallationStore installation,
    SweepGuard marker,
    IObjectStore store,
    IOptions<JanitorOptions> options,
    TimeProvider time)
{
    /// <summary>Keys that are looked up in the ledger at once.</summary>
    private const int BatchLength = 1_000;

    /// <summary>Sweeps the part of the store that belongs to a shard; returns how many unknown things it found.</summary>
    /// <exception cref="SweepRefusedException">Something speaks against deleting anything from this store.</exception>
    public async Task<int> RunAsync(int shard, CancellationToken cancellationToken)
    {
        if (store is not IListingStore listing)
            return 0;
        if ((await installation.GetAsync(cancellationToken)).SweepStopped is { } reason)
            throw new SweepRefusedException(reason);
        if (await marker.FindObstacleAsync(cancellationToken) is { } obstacle)
            throw new SweepRefusedException(obstacle);

        // Keys are random hexadecimal after the prefix, so each first digit is a sixteenth.
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{ObjectKeys.ContentPrefix}{shard:x}");
        var old = time.GetUtcNow() - options.Value.UnknownObjectAge;
        var (listed, unknown) = await FindUnknownObjectsAsync(listing, prefix, old, cancellationToken);
        var strays = await FindStrayUploadsAsync(listing, prefix, old, cancellationToken);
        var count = unknown.Count + strays.Count;
        if (IsTooMany(count, listed + strays.Count))
        {
            var alarm = string.Create(CultureInfo.InvariantCulture, $"{count} of {listed + strays.Count} objects below '{prefix}' are not in the ledger");
            await installation.StopSweepingAsync(alarm);
            throw new SweepRefusedException(alarm);
        }

        if (unknown.Count > 0)
            await repository.AdoptAsync([.. unknown]);
        foreach (var upload in strays)
            await garbage.AbortAsync(upload.Key, upload.StoreUploadId, cancellationToken);
        // One shard keeps the common token fresh, so that a restore of either side shows.
        if (shard == 0)
            await marker.RenewAsync(isConfirmed: false);
        await repository.RecordSweepAsync(shard);
        return count;
    }

    private bool IsTooMany(int count, long listed) =>
        count > options.Value.SweepCountMax
        || (count > options.Value.SweepCountFree && count > options.Value.SweepShareMax * listed);

    private async Task<(long Listed, List<string> Unknown)> FindUnknownObjectsAsync(
        IListingStore listing, string prefix, DateTimeOffset old, CancellationToken cancellationToken)
    {
        var listed = 0L;
        var unknown = new List<string>();
        var batch = new List<string>(BatchLength);
        await foreach (var item in listing.ListObjectsAsync(prefix, cancellationToken))
        {
            listed++;
            if (item.LastModified > old)
                continue;
            batch.Add(item.Key);
            if (batch.Count < BatchLength)
                continue;
            await LookUpAsync();
            if (unknown.Count > options.Value.SweepCountMax)
                return (listed, unknown);
        }

        await LookUpAsync();
        return (listed, unknown);

        // The store was listed before: a key that was written down since then is not mistaken for unknown.
        async Task LookUpAsync()
        {
            if (batch.Count > 0)
                unknown.AddRange(await repository.FindUnknownAsync([.. batch], cancellationToken));
            batch.Clear();
        }
    }

    private async Task<List<ListedUpload>> FindStrayUploadsAsync(
        IListingStore listing, string prefix, DateTimeOffset old, CancellationToken cancellationToken)
    {
        var strays = new List<ListedUpload>();
        await foreach (var upload in listing.ListUploadsAsync(prefix, cancellationToken))
        {
            if (upload.Initiated > old || strays.Count > options.Value.SweepCountMax)
                continue;
            if (!await repository.KnowsUploadAsync(upload, cancellationToken))
                strays.Add(upload);
        }

        return strays;
    }
}

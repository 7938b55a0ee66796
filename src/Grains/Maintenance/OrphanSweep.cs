using System.Globalization;
using GrainVault.Data;
using GrainVault.Options;
using GrainVault.Storage;
using Microsoft.Extensions.Options;

namespace GrainVault.Maintenance;

/// <summary>
/// Compares a sixteenth of the store with the ledger. What the store has and the ledger does not know becomes garbage of
/// the ledger; nothing is deleted here. Keys that are not of the form of ours are somebody else's. Stops with an alarm when too much is unknown: then the ledger is wrong, not the store.
/// </summary>
internal sealed class OrphanSweep(
    JanitorRepository repository,
    GarbageCollector garbage,
    InstallationStore installation,
    SweepGuard marker,
    LeakLevels levels,
    IObjectStore store,
    IOptions<JanitorOptions> options,
    TimeProvider time)
{
    /// <summary>Keys that are looked up in the ledger at once.</summary>
    private const int BatchLength = 1_000;

    /// <summary>Pages of parts that one pass reads to know how large unknown multipart uploads are; beyond them they count as empty.</summary>
    private const int PartPageCountMax = 1_000;

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
        var found = new Finding(time.GetUtcNow() - options.Value.UnknownObjectAge);
        await FindObjectsAsync(listing, prefix, found, cancellationToken);
        await FindUploadsAsync(listing, prefix, found, cancellationToken);
        levels.Publish(shard, found.LeakedBytes);
        var count = found.Unknown.Count + found.Strays.Count;
        // Nothing but an open session refers to a staging key, and whoever had a URL for one can make it come late.
        var suspicious = count - found.Unknown.Count(key => key.EndsWith(ObjectKeys.StagingSuffix, StringComparison.Ordinal));
        if (IsTooMany(count, suspicious, found.ListedCount + found.Strays.Count))
        {
            var alarm = string.Create(
                CultureInfo.InvariantCulture, $"{count} of {found.ListedCount + found.Strays.Count} objects below '{prefix}' are not in the ledger");
            await installation.StopSweepingAsync(alarm);
            throw new SweepRefusedException(alarm);
        }

        if (found.Unknown.Count > 0)
            await repository.AdoptAsync([.. found.Unknown]);
        foreach (var upload in found.Strays)
            await garbage.AbortAsync(upload.Key, upload.StoreUploadId, cancellationToken);
        // One shard keeps the common token fresh, so that a restore of either side shows.
        if (shard == 0)
            await marker.RenewAsync(isConfirmed: false);
        await repository.RecordSweepAsync(shard);
        return count;
    }

    private bool IsTooMany(int count, int suspicious, long listed) =>
        count > options.Value.SweepCountMax
        || (suspicious > options.Value.SweepCountFree && suspicious > options.Value.SweepShareMax * listed);

    private async Task FindObjectsAsync(IListingStore listing, string prefix, Finding found, CancellationToken cancellationToken)
    {
        var batch = new Dictionary<string, ListedObject>(BatchLength, StringComparer.Ordinal);
        await foreach (var item in listing.ListObjectsAsync(prefix, cancellationToken))
        {
            if (!ObjectKeys.IsContentKey(item.Key))
                continue;
            found.ListedCount++;
            batch[item.Key] = item;
            if (batch.Count < BatchLength)
                continue;
            await LookUpAsync();
            if (found.Unknown.Count > options.Value.SweepCountMax)
                return;
        }

        await LookUpAsync();

        // The store was listed before: a key that was written down since then is not mistaken for unknown.
        async Task LookUpAsync()
        {
            if (batch.Count == 0)
                return;
            foreach (var leaked in await repository.FindLeakedAsync([.. batch.Keys], cancellationToken))
                found.Add(batch[leaked.Key], leaked.IsUnknown);
            batch.Clear();
        }
    }

    private async Task FindUploadsAsync(IListingStore listing, string prefix, Finding found, CancellationToken cancellationToken)
    {
        await foreach (var upload in listing.ListUploadsAsync(prefix, cancellationToken))
        {
            if (!ObjectKeys.IsContentKey(upload.Key))
                continue;
            if (found.Strays.Count > options.Value.SweepCountMax)
                return;
            var state = await repository.FindUploadStateAsync(upload, cancellationToken);
            if (state is null && upload.Initiated <= found.Old)
                found.Strays.Add(upload);
            // Garbage is aborted by the step before this one, so what is left of it is late.
            if (state is null or "garbage")
                found.LeakedBytes += await SizeOfAsync(upload, found, cancellationToken);
        }
    }

    private async Task<long> SizeOfAsync(ListedUpload upload, Finding found, CancellationToken cancellationToken)
    {
        var sizeBytes = 0L;
        var after = 0;
        try
        {
            while (store is IMultipartStore multipart && found.PartPageCount++ < PartPageCountMax
                && await multipart.ListPartsAsync(upload.Key, upload.StoreUploadId, after, cancellationToken) is { Count: > 0 } page)
            {
                sizeBytes += page.Sum(part => part.SizeBytes);
                after = page[^1].Number;
            }
        }
        catch (ObjectStoreException exception) when (exception.Error is ObjectStoreError.UploadNotFound or ObjectStoreError.NotFound)
        {
            // It ended while it was looked at.
        }

        return sizeBytes;
    }

    /// <summary>What one pass has found so far.</summary>
    private sealed class Finding(DateTimeOffset old)
    {
        /// <summary>What is younger is spared.</summary>
        public DateTimeOffset Old => old;

        public long ListedCount { get; set; }

        public int PartPageCount { get; set; }

        /// <summary>Bytes of everything that should not be there, young or old.</summary>
        public long LeakedBytes { get; set; }

        public List<string> Unknown { get; } = [];

        public List<ListedUpload> Strays { get; } = [];

        public void Add(ListedObject item, bool isUnknown)
        {
            LeakedBytes += item.SizeBytes;
            if (isUnknown && item.LastModified <= old)
                Unknown.Add(item.Key);
        }
    }
}

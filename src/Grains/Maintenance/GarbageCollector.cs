using GrainVault.Diagnostics;
using GrainVault.Storage;

namespace GrainVault.Maintenance;

/// <summary>
/// Deletes what the ledger calls garbage: multipart uploads until the store holds nothing of them, objects twice, since a
/// write that was under way at the first deletion may have brought one back.
/// </summary>
internal sealed class GarbageCollector(JanitorRepository repository, SweepGuard marker, IObjectStore store)
{
    /// <summary>Deletes what is due in a shard; returns how many rows it worked on.</summary>
    /// <exception cref="SweepRefusedException">The store does not carry our marker.</exception>
    public async Task<int> RunAsync(int shard, CancellationToken cancellationToken)
    {
        var aborts = await repository.FindAbortsAsync(shard, cancellationToken);
        var garbage = await repository.FindGarbageAsync(shard, cancellationToken);
        if (aborts.Count + garbage.Count == 0)
            return 0;
        if (await marker.FindObstacleAsync(cancellationToken) is { } obstacle)
            throw new SweepRefusedException(obstacle);

        foreach (var (key, storeUploadId) in aborts)
        {
            if (await AbortAsync(key, storeUploadId, cancellationToken))
                await repository.RecordAbortAsync(key, storeUploadId);
        }

        foreach (var row in garbage)
        {
            if (row.IsMultipart)
                await AbortStraysAsync(row.Key, cancellationToken);
            await store.DeleteAsync(row.Key, cancellationToken);
            await repository.RecordDeletionAsync(row);
            GrainsMeter.ObjectDeleted();
        }

        return aborts.Count + garbage.Count;
    }

    /// <summary>True when the store holds nothing of the upload any more.</summary>
    public async Task<bool> AbortAsync(string key, string storeUploadId, CancellationToken cancellationToken) =>
        store is not IMultipartStore multipart || await multipart.AbortAsync(key, storeUploadId, cancellationToken);

    /// <summary>An upload whose id was lost in a crash, between the store's answer and the ledger, is found by its key.</summary>
    private async Task AbortStraysAsync(string key, CancellationToken cancellationToken)
    {
        if (store is not IListingStore listing)
            return;
        await foreach (var upload in listing.ListUploadsAsync(key, cancellationToken))
        {
            if (upload.Key == key)
                await AbortAsync(key, upload.StoreUploadId, cancellationToken);
        }
    }
}

/// <summary>Something speaks against deleting anything from this store.</summary>
internal sealed class SweepRefusedException(string obstacle) : Exception(obstacle);

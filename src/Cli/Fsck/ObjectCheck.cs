using GrainVault.Options;
using GrainVault.Storage;
using Npgsql;

namespace GrainVault.Cli.Fsck;

/// <summary>
/// Walks the store's list and the ledger side by side, in the order of keys, so that memory does not grow with the number
/// of objects. The two were not read at one moment: each difference is looked up again on both sides.
/// </summary>
internal sealed class ObjectCheck(
    NpgsqlDataSource catalogue, IObjectStore store, JanitorOptions options, TimeProvider time, FsckReport report)
{
    private const string Live = "live";
    private const string Intended = "intended";
    private const string Garbage = "garbage";

    private sealed record LedgerRow(string Key, string State, long? SizeBytes, bool IsOverdue);

    private const string Columns = "o.key, o.state, o.size_bytes, object_is_overdue(o, $1)";

    public async Task RunAsync(bool repair, CancellationToken cancellationToken)
    {
        if (store is not IListingStore listing)
            return;
        await using var command = catalogue.CreateCommand($"SELECT {Columns} FROM objects o ORDER BY o.key");
        command.Parameters.AddWithValue(options.GarbageDelay);
        await using var ledger = await command.ExecuteReaderAsync(cancellationToken);
        await using var stored = listing.ListObjectsAsync(ObjectKeys.ContentPrefix, cancellationToken).GetAsyncEnumerator(cancellationToken);

        var row = await NextAsync(ledger, cancellationToken);
        var item = await NextAsync(stored);
        while (row is not null || item is not null)
        {
            var order = row is null ? 1 : item is null ? -1 : string.CompareOrdinal(row.Key, item.Key);
            if (order <= 0)
                await CheckAsync(row!, order == 0 ? item : null, cancellationToken);
            else
                await CheckUnknownAsync(item!, repair, cancellationToken);
            if (order <= 0)
                row = await NextAsync(ledger, cancellationToken);
            if (order >= 0)
                item = await NextAsync(stored);
        }

        await CheckUploadsAsync(listing, repair, cancellationToken);
    }

    private async Task CheckAsync(LedgerRow row, ListedObject? item, CancellationToken cancellationToken)
    {
        if (row.State == Intended)
            report.IntendedObjectCount++;
        if (row.State != Live)
        {
            if (item is not null)
                await CountAsync(row, item, cancellationToken);
            return;
        }

        report.LiveObjectCount++;
        report.LiveBytes += row.SizeBytes ?? 0;
        if (item?.SizeBytes == row.SizeBytes)
            return;
        var found = await store.FindAsync(row.Key, cancellationToken);
        if (found?.SizeBytes == row.SizeBytes || await FindAsync(row.Key, cancellationToken) is not { State: Live } again)
            return;
        if (found is null)
            report.Add(FindingKinds.ObjectMissing, row.Key, $"{again.SizeBytes} bytes are not in the store");
        else
            report.Add(FindingKinds.ObjectSize, row.Key, $"{again.SizeBytes} bytes in the ledger, {found.SizeBytes} in the store");
    }

    private async Task CountAsync(LedgerRow row, ListedObject item, CancellationToken cancellationToken)
    {
        if (row.IsOverdue)
        {
            if (await FindAsync(row.Key, cancellationToken) is { IsOverdue: true } && await store.FindAsync(row.Key, cancellationToken) is not null)
                Leak(item.SizeBytes);
        }
        else if (row.State != Intended)
        {
            report.GarbageObjectCount++;
            report.GarbageBytes += item.SizeBytes;
        }
    }

    private async Task CheckUnknownAsync(ListedObject item, bool repair, CancellationToken cancellationToken)
    {
        if (!ObjectKeys.IsContentKey(item.Key) || await FindAsync(item.Key, cancellationToken) is not null || await store.FindAsync(item.Key, cancellationToken) is null)
            return;
        Leak(item.SizeBytes);
        if (IsYoung(item.LastModified))
            return;
        var finding = report.Add(FindingKinds.ObjectUnknown, item.Key, $"{item.SizeBytes} bytes that the ledger does not know");
        if (!repair)
            return;
        // Deleted as everything is: by the janitor, twice, after its delay.
        await using var adopt = catalogue.CreateCommand(
            "INSERT INTO objects (key, store, state, garbage_at) VALUES ($1, $2, 'garbage', now()) ON CONFLICT DO NOTHING");
        adopt.Parameters.AddWithValue(item.Key);
        adopt.Parameters.AddWithValue(store.Profile.Name);
        await adopt.ExecuteNonQueryAsync(cancellationToken);
        finding.IsRepaired = true;
    }

    private async Task CheckUploadsAsync(IListingStore listing, bool repair, CancellationToken cancellationToken)
    {
        await foreach (var upload in listing.ListUploadsAsync(ObjectKeys.ContentPrefix, cancellationToken))
        {
            if (!ObjectKeys.IsContentKey(upload.Key))
                continue;
            var state = await FindUploadStateAsync(upload, cancellationToken);
            if (state is null or Garbage)
                Leak(await SizeOfAsync(upload, cancellationToken));
            if (state is not null || IsYoung(upload.Initiated))
                continue;
            var finding = report.Add(FindingKinds.UploadUnknown, upload.Key, $"multipart upload of {upload.Initiated:O} that the ledger does not know");
            if (repair && store is IMultipartStore multipart)
                finding.IsRepaired = await multipart.AbortAsync(upload.Key, upload.StoreUploadId, cancellationToken);
        }
    }

    private bool IsYoung(DateTimeOffset when) => when > time.GetUtcNow() - options.UnknownObjectAge;

    private void Leak(long sizeBytes)
    {
        report.LeakedObjectCount++;
        report.LeakedBytes += sizeBytes;
    }

    private async Task<LedgerRow?> FindAsync(string key, CancellationToken cancellationToken)
    {
        await using var command = catalogue.CreateCommand($"SELECT {Columns} FROM objects o WHERE o.key = $2");
        command.Parameters.AddWithValue(options.GarbageDelay);
        command.Parameters.AddWithValue(key);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await NextAsync(reader, cancellationToken);
    }

    private async Task<long> SizeOfAsync(ListedUpload upload, CancellationToken cancellationToken)
    {
        var sizeBytes = 0L;
        var after = 0;
        try
        {
            while (store is IMultipartStore multipart
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

    private async Task<string?> FindUploadStateAsync(ListedUpload upload, CancellationToken cancellationToken)
    {
        await using var command = catalogue.CreateCommand("SELECT state FROM objects WHERE key = $1 AND store_upload_id = $2");
        command.Parameters.AddWithValue(upload.Key);
        command.Parameters.AddWithValue(upload.StoreUploadId);
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }

    private static async Task<LedgerRow?> NextAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        return new LedgerRow(
            await reader.GetFieldValueAsync<string>(0, cancellationToken),
            await reader.GetFieldValueAsync<string>(1, cancellationToken),
            await reader.GetFieldValueAsync<long?>(2, cancellationToken),
            await reader.GetFieldValueAsync<bool>(3, cancellationToken));
    }

    private static async Task<ListedObject?> NextAsync(IAsyncEnumerator<ListedObject> items) =>
        await items.MoveNextAsync() ? items.Current : null;
}

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

    private sealed record LedgerRow(string Key, string State, long? SizeBytes);

    public async Task RunAsync(bool repair, CancellationToken cancellationToken)
    {
        if (store is not IListingStore listing)
            return;
        await using var command = catalogue.CreateCommand("SELECT key, state, size_bytes FROM objects ORDER BY key");
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
        {
            report.IntendedObjectCount++;
            return;
        }

        if (row.State != Live)
        {
            if (item is not null)
                Leak(item.SizeBytes);
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

    private async Task CheckUnknownAsync(ListedObject item, bool repair, CancellationToken cancellationToken)
    {
        if (await FindAsync(item.Key, cancellationToken) is not null || await store.FindAsync(item.Key, cancellationToken) is null)
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
            if (IsYoung(upload.Initiated) || await KnowsAsync(upload, cancellationToken))
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
        await using var command = catalogue.CreateCommand("SELECT key, state, size_bytes FROM objects WHERE key = $1");
        command.Parameters.AddWithValue(key);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await NextAsync(reader, cancellationToken);
    }

    private async Task<bool> KnowsAsync(ListedUpload upload, CancellationToken cancellationToken)
    {
        await using var command = catalogue.CreateCommand("SELECT 1 FROM objects WHERE key = $1 AND store_upload_id = $2");
        command.Parameters.AddWithValue(upload.Key);
        command.Parameters.AddWithValue(upload.StoreUploadId);
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    private static async Task<LedgerRow?> NextAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        return new LedgerRow(
            await reader.GetFieldValueAsync<string>(0, cancellationToken),
            await reader.GetFieldValueAsync<string>(1, cancellationToken),
            await reader.GetFieldValueAsync<long?>(2, cancellationToken));
    }

    private static async Task<ListedObject?> NextAsync(IAsyncEnumerator<ListedObject> items) =>
        await items.MoveNextAsync() ? items.Current : null;
}

using GrainVault.Accounts;
using GrainVault.Diagnostics;
using GrainVault.Files;
using GrainVault.Options;
using GrainVault.Storage;
using GrainVault.Uploads;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;

namespace GrainVault.Inbox;

/// <summary>
/// Makes one object of the inbox a file: intent, copy, commit, removal of the source. Each step can be repeated, so that an attempt that
/// dies anywhere leaves one file or none, and no bytes that nobody knows. Two attempts at once are harmless too: each copies to a
/// key of its own, and the first commit of the file's id counts.
/// </summary>
internal sealed class InboxAdoption(
    InboxRepository repository,
    AccountRepository accounts,
    FileRepository files,
    IObjectStore store,
    IGrainFactory grains,
    IOptions<LimitsOptions> limits,
    ILogger<InboxAdoption> logger)
{
    private const int AlreadyThere = 0;

    /// <summary>Makes one attempt. What fails in the store or in the database is thrown, and repeated by whoever calls again.</summary>
    public async Task AttemptAsync(InboxRow item)
    {
        if (!ObjectKeys.IsInboxKey(item.Key))
        {
            await RefuseAsync(item, null, InboxReasons.InvalidKey);
            return;
        }

        if (await store.FindAsync(item.Key) is not { } source)
        {
            await repository.ForgetAsync(item);
            return;
        }

        if (InboxKey.Parse(item.Key) is not { } key)
        {
            await RefuseAsync(item, source, InboxReasons.InvalidKey);
            return;
        }

        if (await FindObstacleAsync(key, source) is { } obstacle)
        {
            await RefuseAsync(item, source, obstacle);
            return;
        }

        await AdoptAsync(item, source, key);
    }

    private async Task AdoptAsync(InboxRow item, StoredObject source, InboxKey key)
    {
        var objectKey = source.SizeBytes == 0 ? null : ObjectKeys.NewContentKey();
        var intent = await repository.IntendAsync(item.Key, source, key.UserId, Ids.New(Ids.File), objectKey);
        switch (intent.Refusal)
        {
            case AlreadyThere:
                await RemoveSourceAsync(item, source);
                break;
            case null:
                await CopyAsync(item, source, key, intent.FileId!, objectKey);
                break;
            case (int)RefusalReason.QuotaExceeded:
                await RefuseAsync(item, source, InboxReasons.Quota);
                break;
            default:
                // Somebody else has dealt with it.
                break;
        }
    }

    private async Task<string?> FindObstacleAsync(InboxKey key, StoredObject source)
    {
        if (source.SizeBytes > limits.Value.FileSizeBytesMax || source.SizeBytes > store.Profile.ObjectSizeBytesMax)
            return InboxReasons.TooLarge;
        return Ids.IsValid(Ids.User, key.UserId) && await accounts.FindAsync(key.UserId, CancellationToken.None) is not null ? null : InboxReasons.NoUser;
    }

    private async Task CopyAsync(InboxRow item, StoredObject source, InboxKey key, string fileId, string? objectKey)
    {
        if (objectKey is not null)
        {
            try
            {
                var copy = await ((ICopyingStore)store).CopyAsync(item.Key, source.ETag, objectKey);
                Invariant.That(copy.SizeBytes == source.SizeBytes, "a copy has as many bytes as its source");
            }
            catch (ObjectStoreException exception) when (exception.Error is ObjectStoreError.PreconditionFailed or ObjectStoreError.NotFound)
            {
                InboxLog.Replaced(logger, item.Key);
                await repository.LookAgainAsync(item.Key);
                await files.AbandonAsync(objectKey);
                return;
            }
        }

        await CommitAsync(item, source, key, fileId, objectKey);
    }

    private async Task CommitAsync(InboxRow item, StoredObject source, InboxKey key, string fileId, string? objectKey)
    {
        List<PartRow> parts = objectKey is null ? [] : [new PartRow(1, source.SizeBytes, source.ETag, Sha256: null, objectKey)];
        var content = Checksums.Of(parts, objectKey);
        var result = await grains.GetGrain<IFileGrain>(fileId).CommitVersionAsync(new CommitVersionCommand(
            key.UserId, objectKey, source.SizeBytes, content.Checksum, content.Sha256 is { } sha256 ? Convert.ToHexStringLower(sha256) : null,
            MediaTypes.Default, key.Name, ParentId: null, OnConflict.Rename, IsNewFile: true, ExpectedVersion: null, UploadId: null, UploadEpoch: 0,
            ReservedBytes: 0));
        switch (result.Refusal?.Reason)
        {
            case null:
                InboxLog.Adopted(logger, item.Key, source.SizeBytes, fileId, key.UserId);
                GrainsMeter.InboxAdopted();
                break;
            case RefusalReason.NotFound:
                // It was there, and its owner has removed it for good since.
                break;
            case RefusalReason.QuotaExceeded:
                await RefuseAsync(item, source, InboxReasons.Quota);
                return;
            case RefusalReason.NameTaken:
                await RefuseAsync(item, source, InboxReasons.NameTaken);
                return;
            case { } reason:
                InboxLog.CameToNothing(logger, item.Key, reason);
                await repository.PutOffAsync(item);
                return;
        }

        await repository.RecordCommitAsync(item.Key, source, objectKey);
        await RemoveSourceAsync(item, source);
    }

    /// <summary>Deletes the source if it is still the one that was copied; another one is adopted in its turn.</summary>
    private async Task RemoveSourceAsync(InboxRow item, StoredObject copied)
    {
        if (await ((ICopyingStore)store).DeleteSourceAsync(item.Key, copied.ETag))
            await repository.ForgetAsync(item);
        else
            await repository.LookAgainAsync(item.Key);
    }

    private async Task RefuseAsync(InboxRow item, StoredObject? source, string reason)
    {
        await repository.RefuseAsync(item, source, reason);
        if (item.Reason == reason)
            return;
        InboxLog.Refused(logger, item.Key, reason);
        GrainsMeter.InboxRefused(reason);
    }
}

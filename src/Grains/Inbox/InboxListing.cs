using GrainVault.Options;
using GrainVault.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GrainVault.Inbox;

/// <summary>
/// Finds what no event told, since stores send events at most once: lists the inbox and takes note of what is there. Nothing is
/// deleted or adopted here.
/// </summary>
internal sealed class InboxListing(
    InboxRepository repository, IObjectStore store, InboxLevels levels, IOptions<InboxOptions> options, ILogger<InboxListing> logger)
{
    /// <summary>Keys that are noted at once.</summary>
    private const int BatchLength = 1_000;

    /// <summary>Lists the inbox when that is due, and publishes what stays there; returns how many objects it saw.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var count = await ListIfDueAsync(cancellationToken);
        levels.Publish(await repository.CountRefusedAsync(cancellationToken));
        return count;
    }

    private async Task<int> ListIfDueAsync(CancellationToken cancellationToken)
    {
        if (store is not IListingStore listing || options.Value.ListPeriod <= TimeSpan.Zero
            || await repository.BeginListingAsync(cancellationToken) is not { } begunAt)
            return 0;
        var count = 0;
        var batch = new List<string>(BatchLength);
        await foreach (var item in listing.ListObjectsAsync(ObjectKeys.InboxPrefix, cancellationToken))
        {
            if (InboxKey.IsFolder(item))
                continue;
            count++;
            batch.Add(item.Key);
            if (batch.Count == BatchLength && !await NoteAsync(batch, cancellationToken))
                return count;
        }

        if (await NoteAsync(batch, cancellationToken))
            await repository.EndListingAsync(begunAt, cancellationToken);
        return count;
    }

    /// <summary>False when the ledger knows as many objects as it may.</summary>
    private async Task<bool> NoteAsync(List<string> batch, CancellationToken cancellationToken)
    {
        if (batch.Count == 0)
            return true;
        var known = await repository.CountAsync(cancellationToken);
        if (known >= options.Value.ObjectCountMax)
        {
            InboxLog.TooMany(logger, known);
            return false;
        }

        await repository.NoticeListedAsync([.. batch], cancellationToken);
        batch.Clear();
        return true;
    }
}

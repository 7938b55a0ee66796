using System.Security.Cryptography;
using System.Text.Json;
using GrainVault.Data;
using GrainVault.Storage;
using Microsoft.Extensions.Logging;

namespace GrainVault.Maintenance;

/// <summary>
/// The object that says whose store this is. Nothing is deleted from a store whose marker does not carry the installation
/// id and the sweep token of the database: it may be another installation's, or one of the two may have been restored to
/// an earlier time, when the other still knew more.
/// </summary>
public sealed class SweepGuard(InstallationStore installation, IObjectStore store, ILogger<SweepGuard> logger)
{
    /// <summary>Longest marker that is read, in bytes.</summary>
    private const int SizeBytesMax = 4_096;

    /// <summary>How often marker and row are read while the row keeps changing; each change is a sweep's whole pass.</summary>
    private const int ReadCountMax = 5;

    private sealed record Content(Guid Installation, Guid Token);

    /// <summary>Writes the marker when the installation meets its store for the first time.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        var row = await installation.GetAsync(cancellationToken);
        if (row.MarkerWritten)
            return;
        if (await ReadAsync(cancellationToken) is { } found && found.Installation != row.Id)
        {
            JanitorLog.ForeignStore(logger, found.Installation, row.Id);
            return;
        }

        await RenewAsync(isConfirmed: false);
    }

    /// <summary>Why nothing may be deleted from the store; null when it may.</summary>
    public async Task<string?> FindObstacleAsync(CancellationToken cancellationToken)
    {
        (Guid, Guid?)? before = null;
        for (var reads = 1; ; reads++)
        {
            var found = await ReadAsync(cancellationToken);
            var row = await installation.GetAsync(cancellationToken);
            if (Compare(found, row) is not { } obstacle)
                return null;
            // Another token in the row than at the last read is no sign of a restore: somebody changes both at this moment.
            var tokens = (row.SweepToken, row.SweepTokenNext);
            if (before == tokens || reads == ReadCountMax)
                return obstacle;
            before = tokens;
        }
    }

    private static string? Compare(Content? found, Installation row)
    {
        if (found is null)
            return "the store has no marker object";
        if (found.Installation != row.Id)
            return $"the store belongs to installation {found.Installation}, the database is of {row.Id}";
        return found.Token == row.SweepToken || found.Token == row.SweepTokenNext
            ? null
            : "store and database are not of the same time: one of them was restored; 'grainvault fsck --repair' confirms";
    }

    /// <summary>Gives store and database a new common token.</summary>
    /// <param name="isConfirmed">Sweeping is to go on whatever stopped it.</param>
    public async Task RenewAsync(bool isConfirmed)
    {
        var row = await installation.GetAsync();
        var next = await installation.AnnounceTokenAsync(Guid.NewGuid());
        var bytes = JsonSerializer.SerializeToUtf8Bytes(new Content(row.Id, next));
        await store.PutAsync(ObjectKeys.Marker, new StoreContent(bytes, SHA256.HashData(bytes)));
        await installation.AdoptTokenAsync(next, isConfirmed);
    }

    private async Task<Content?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await store.FindAsync(ObjectKeys.Marker, cancellationToken) is not { SizeBytes: > 0 and <= SizeBytesMax })
                return null;
            await using var stream = await store.OpenReadAsync(ObjectKeys.Marker, cancellationToken);
            return await JsonSerializer.DeserializeAsync<Content>(stream, cancellationToken: cancellationToken);
        }
        catch (ObjectStoreException exception) when (exception.Error == ObjectStoreError.NotFound)
        {
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

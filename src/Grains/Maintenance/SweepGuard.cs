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
        // The store first: a token that is being changed is announced in the database before it is in the store.
        var found = await ReadAsync(cancellationToken);
        var row = await installation.GetAsync(cancellationToken);
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
        var next = Guid.NewGuid();
        await installation.AnnounceTokenAsync(next);
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

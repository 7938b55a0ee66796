using System.Globalization;
using System.Text;

namespace GrainVault.Storage;

/// <summary>
/// The marker object that ties a store to one installation: nothing is deleted from a store whose marker does not name
/// the installation that the database names, so that a wrong connection string can never empty a bucket.
/// </summary>
public static class StoreMarker
{
    /// <summary>Largest marker that is read, in bytes.</summary>
    public const int SizeBytesMax = 256;

    private const string Head = "grainvault-installation ";

    /// <summary>The installation that a store belongs to; null when it has no marker.</summary>
    /// <exception cref="ObjectStoreException">Refused: the object under the marker's key is no marker.</exception>
    public static async Task<Guid?> ReadAsync(IObjectStore store, CancellationToken cancellationToken = default)
    {
        var found = await store.FindAsync(ObjectKeys.Marker, cancellationToken).ConfigureAwait(false);
        if (found is null)
            return null;
        if (found.SizeBytes > SizeBytesMax)
            throw NoMarker();
        var bytes = new byte[found.SizeBytes];
        var stream = await store.OpenReadAsync(ObjectKeys.Marker, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
            await stream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        var text = Encoding.ASCII.GetString(bytes).TrimEnd('\n');
        return text.StartsWith(Head, StringComparison.Ordinal) && Guid.TryParseExact(text.AsSpan(Head.Length), "d", out var installation)
            ? installation
            : throw NoMarker();
    }

    /// <summary>Writes the marker into a store that has none, and tells whose store it is then.</summary>
    /// <param name="store">The store.</param>
    /// <param name="installation">Id of the installation, from the database.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The installation that the marker names: another one than asked for when the store was taken before.</returns>
    public static async Task<Guid> EnsureAsync(IObjectStore store, Guid installation, CancellationToken cancellationToken = default)
    {
        if (await ReadAsync(store, cancellationToken).ConfigureAwait(false) is { } existing)
            return existing;
        var bytes = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Head}{installation:d}\n"));
        await store.PutAsync(ObjectKeys.Marker, new StoreContent(bytes, default), cancellationToken).ConfigureAwait(false);
        // Of two processes that write at once the last one wins; both read what stands.
        return await ReadAsync(store, cancellationToken).ConfigureAwait(false) ?? installation;
    }

    private static ObjectStoreException NoMarker() =>
        new(ObjectStoreError.Refused, $"The object {ObjectKeys.Marker} is not a marker of GrainVault.");
}

using GrainVault.Storage;

namespace GrainVault.Uploads;

/// <summary>
/// The store's rules under which a session was begun stay its own: its parts are cut already. When the configuration changes under it,
/// it goes on where the configured store can take what it has, and says so where it can't.
/// </summary>
internal static class SessionRules
{
    /// <summary>Most parts of a session whose size is not known.</summary>
    public static int PartCountMax(UploadRow row, StoreProfile store) => Math.Min(row.PartCountMax ?? int.MaxValue, store.PartCountMax);

    /// <summary>Why the session can't go on with the configured store; null when it can.</summary>
    public static Refusal? FindObstacle(UploadRow row, StoreProfile store)
    {
        if (row.Store != store.Name)
            return Ended(row, $"store '{store.Name}' is configured now");
        if (row.SizeBytes > store.ObjectSizeBytesMax)
            return Ended(row, $"'{store.Dialect}' takes objects of at most {store.ObjectSizeBytesMax} bytes");
        if (!row.IsMultipart)
            return row.SizeBytes > store.PutSizeBytesMax ? Ended(row, $"'{store.Dialect}' takes at most {store.PutSizeBytesMax} bytes at once") : null;
        if (row.PartCount > store.PartCountMax)
            return Ended(row, $"'{store.Dialect}' takes at most {store.PartCountMax} parts");
        return row.PartSizeBytes < store.PartSizeBytesMin || row.PartSizeBytes > store.PartSizeBytesMax
            ? Ended(row, $"'{store.Dialect}' takes parts of {store.PartSizeBytesMin} to {store.PartSizeBytesMax} bytes")
            : null;
    }

    private static Refusal Ended(UploadRow row, string why) => Refusals.UploadClosed with
    {
        Detail = $"The session was begun on store '{row.Store}' ({row.Dialect ?? "dialect unknown"}) with parts of {row.PartSizeBytes} bytes, and {why}. "
            + "Begin a new session, or wait until the configuration is back.",
    };
}

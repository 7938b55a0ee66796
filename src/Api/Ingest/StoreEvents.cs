using System.Text.Json;
using GrainVault.Storage;

namespace GrainVault.Api.Ingest;

/// <summary>
/// Keys out of event notifications: of AWS S3, Ceph and MinIO (<c>Records</c>, "Event message structure" of the S3 user guide) and
/// of SeaweedFS (one event with the path in its filer). Nothing else of an event is believed.
/// </summary>
internal static class StoreEvents
{
    /// <summary>Most events in one notification; the rest is found by the sweep.</summary>
    public const int EventCountMax = 1_000;

    private const string SeaweedRoot = "/buckets/";

    /// <summary>The keys that may be of ours; null when this is no notification.</summary>
    /// <param name="body">The notification.</param>
    /// <param name="bucket">Bucket whose events count; null for any.</param>
    public static IReadOnlyCollection<string>? FindKeys(JsonElement body, string? bucket)
    {
        if (body.ValueKind != JsonValueKind.Object)
            return null;
        var keys = new HashSet<string>(StringComparer.Ordinal);
        if (body.TryGetProperty("Records", out var records) && records.ValueKind == JsonValueKind.Array)
        {
            foreach (var record in records.EnumerateArray().Take(EventCountMax))
                AddRecord(record, bucket, keys);
            return keys;
        }

        // What AWS sends when notifications are configured; it has no objects.
        if (TextOf(body, "Event") == "s3:TestEvent")
            return keys;
        if (TextOf(body, "event_type") is { } kind && TextOf(body, "key") is { } path)
        {
            if (kind is "create" or "update" or "rename")
                AddPath(path, bucket, keys);
            return keys;
        }

        return null;
    }

    private static void AddRecord(JsonElement record, string? bucket, HashSet<string> keys)
    {
        if (record.ValueKind != JsonValueKind.Object
            || !record.TryGetProperty("s3", out var s3) || s3.ValueKind != JsonValueKind.Object
            || !s3.TryGetProperty("object", out var item) || item.ValueKind != JsonValueKind.Object
            || TextOf(item, "key") is not { } key)
            return;
        // Also "s3:ObjectCreated:Put", as Ceph and MinIO write it. What was removed is nothing to look at.
        if (TextOf(record, "eventName")?.Contains("ObjectCreated", StringComparison.Ordinal) != true)
            return;
        var name = s3.TryGetProperty("bucket", out var of) && of.ValueKind == JsonValueKind.Object ? TextOf(of, "name") : null;
        if (bucket is null || name is null || name == bucket)
            AddKey(key, keys);
    }

    private static void AddPath(string path, string? bucket, HashSet<string> keys)
    {
        if (!path.StartsWith(SeaweedRoot, StringComparison.Ordinal))
            return;
        var rest = path[SeaweedRoot.Length..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && (bucket is null || rest[..slash] == bucket))
            AddKey(rest[(slash + 1)..], keys);
    }

    /// <summary>
    /// AWS and MinIO encode keys as in a form, others send them as they are. Keys that we gave out read the same either way once
    /// decoded. Those of the inbox may mean several things, and an event only says where to look: each of them is looked at.
    /// </summary>
    private static void AddKey(string key, HashSet<string> keys)
    {
        if (key.Length > ObjectKeys.InboxLengthBytesMax * 3)
            return;
        var plain = Uri.UnescapeDataString(key);
        if (plain.EndsWith(ObjectKeys.StagingSuffix, StringComparison.Ordinal) && ObjectKeys.IsValid(plain))
            keys.Add(plain);
        foreach (var meant in (ReadOnlySpan<string>)[key, plain, Uri.UnescapeDataString(key.Replace('+', ' '))])
        {
            if (ObjectKeys.IsInboxKey(meant))
                keys.Add(meant);
        }
    }

    private static string? TextOf(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

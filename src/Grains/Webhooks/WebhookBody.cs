using System.Buffers;
using System.Text.Json;
using GrainVault.Changes;
using GrainVault.Files;

namespace GrainVault.Webhooks;

/// <summary>The body of a delivery: changes in the form of <c>GET /v1/changes</c>.</summary>
internal static class WebhookBody
{
    /// <summary>Changes of a page.</summary>
    public static byte[] OfChanges(DateTimeOffset now, ChangePageResult page) => Write("changes", now, writer =>
    {
        writer.WriteStartArray("changes");
        foreach (var change in page.Changes)
            Write(writer, change);
        writer.WriteEndArray();
        writer.WriteBoolean("hasMore", page.HasMore);
    });

    /// <summary>Changes were lost between this delivery and the one before: the receiver reads everything anew.</summary>
    public static byte[] OfExpired(DateTimeOffset now) => Write("expired", now, _ => { });

    private static byte[] Write(string type, DateTimeOffset now, Action<Utf8JsonWriter> fill)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            Time(writer, "timestamp", now);
            fill(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, Change change)
    {
        writer.WriteStartObject();
        writer.WriteString("type", change.Entry is null ? "removed" : "changed");
        writer.WriteString("id", change.EntryId);
        if (change.Entry is { } entry)
        {
            writer.WriteStartObject("entry");
            Write(writer, entry);
            writer.WriteEndObject();
        }

        if (change.Role is { } role)
            writer.WriteString("role", Lower(role));
        if (change.IsRelist)
            writer.WriteBoolean("relist", true);
        Time(writer, "at", change.At);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, Entry entry)
    {
        writer.WriteString("id", entry.Id);
        writer.WriteString("kind", Lower(entry.Kind));
        writer.WriteString("name", entry.Name);
        writer.WriteString("parentId", entry.ParentId);
        writer.WriteString("ownerId", entry.OwnerId);
        writer.WriteNumber("size", entry.SizeBytes);
        writer.WriteString("contentType", entry.ContentType);
        if (entry.Sha256 is { } sha256)
            writer.WriteString("sha256", sha256);
        writer.WriteNumber("version", entry.Version);
        writer.WriteString("visibility", Lower(entry.Visibility));
        Time(writer, "createdAt", entry.CreatedAt);
        Time(writer, "modifiedAt", entry.ModifiedAt);
        Time(writer, "deletedAt", entry.DeletedAt);
    }

    private static string Lower<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    private static void Time(Utf8JsonWriter writer, string name, DateTimeOffset? value)
    {
        if (value is { } time)
            writer.WriteString(name, time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture));
    }
}

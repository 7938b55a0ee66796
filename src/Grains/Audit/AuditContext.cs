using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace GrainVault.Audit;

/// <summary>Who acts and from where, as the setting <c>gv.audit</c> of a transaction carries it to the audit's functions.</summary>
internal static class AuditContext
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The caller of now.</summary>
    /// <param name="note">What the statement does; null leaves that to the kind of the change.</param>
    /// <param name="actorId">The user, where the caller is not known to be one yet; null for the caller.</param>
    public static string Now(AuditNote? note = null, string? actorId = null)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            var id = actorId ?? Caller.ActorId ?? Caller.LinkId;
            json.WriteStartObject();
            json.WriteString("by", Kind(id));
            Write(json, "id", id, 64);
            Write(json, "address", Caller.Address, 64);
            Write(json, "agent", Caller.Agent, Caller.AgentLengthMax);
            Write(json, "request", Caller.RequestId, 128);
            if (Activity.Current is { } activity)
                json.WriteString("trace", activity.TraceId.ToHexString());
            if (note is not null)
            {
                json.WriteString("do", note.Action);
                Write(json, "with", note.Detail, 2_000);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    // Without a request nobody asked for it: the janitor, or a grain that finishes what was begun.
    private static string Kind(string? id) =>
        id is not null ? id.StartsWith(Ids.User + "-", StringComparison.Ordinal) ? "user" : "link" : Caller.RequestId is not null ? "visitor" : "system";

    private static void Write(Utf8JsonWriter json, string name, string? value, int lengthMax)
    {
        if (value is not null)
            json.WriteString(name, AuditNote.Bounded(value, lengthMax));
    }
}

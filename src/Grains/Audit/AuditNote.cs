using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace GrainVault.Audit;

/// <summary>
/// What a command does, for the audit: passed along with its statement, and written by the database in the same transaction. Who does it
/// and from where is taken from <see cref="Caller"/>.
/// </summary>
/// <param name="Action">One of <see cref="AuditActions"/>: lower-case words with hyphens, at most 40 characters.</param>
/// <param name="Detail">A flat JSON object of strings, see <see cref="Details"/>; null for none. No secrets.</param>
internal sealed record AuditNote(string Action, string? Detail = null)
{
    /// <summary>Longest value of a detail, in characters: that of a name.</summary>
    private const int ValueLengthMax = 255;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>No action of anybody: what changes says nothing that was not so before.</summary>
    public static AuditNote None { get; } = new("");

    /// <summary>An action with details.</summary>
    public static AuditNote Of(string action, params ReadOnlySpan<(string Name, string? Value)> details) => new(action, Details(details));

    /// <summary>A flat JSON object of the values that are there; null when there are none.</summary>
    public static string? Details(params ReadOnlySpan<(string Name, string? Value)> details)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            foreach (var (name, value) in details)
            {
                if (value is not null)
                    json.WriteString(name, Bounded(value, ValueLengthMax));
            }

            json.WriteEndObject();
        }

        return buffer.Length == 2 ? null : Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }

    /// <summary>Text that PostgreSQL takes, cut between characters: no zero, no half of a pair.</summary>
    public static string Bounded(string text, int lengthMax)
    {
        var cut = text.Length <= lengthMax ? text : text[..(char.IsHighSurrogate(text[lengthMax - 1]) ? lengthMax - 1 : lengthMax)];
        return cut.Contains('\0', StringComparison.Ordinal) ? cut.Replace('\0', ' ') : cut;
    }
}

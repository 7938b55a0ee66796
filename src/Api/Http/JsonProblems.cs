using System.Text;
using System.Text.Json;

namespace GrainVault.Api.Http;

/// <summary>Says what is wrong with a JSON body, by member, without the names of our types.</summary>
internal static class JsonProblems
{
    /// <summary>Translates what the reader found.</summary>
    public static Problem From(JsonException exception)
    {
        var pointer = PointerOf(exception.Path);
        return new Problem(ProblemTypes.Invalid, DetailOf(exception.Message, pointer)) { Pointer = pointer };
    }

    // The reader has no codes for its findings; a message that is not known gets the general sentence.
    private static string DetailOf(string message, string pointer)
    {
        if (message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal))
            return $"The member {pointer} is not known here.";
        if (message.StartsWith("Duplicate property", StringComparison.Ordinal))
            return $"The member {pointer} is given more than once.";
        const string Missing = "missing required properties including:";
        var at = message.IndexOf(Missing, StringComparison.Ordinal);
        if (at >= 0)
            return $"Required members are missing: {message[(at + Missing.Length)..].Trim(' ', '.')}.";
        if (message.Contains("could not be converted", StringComparison.Ordinal) || message.Contains("doesn't allow null", StringComparison.Ordinal))
            return pointer.Length == 0 ? "The body must be a JSON object." : $"The member {pointer} has the wrong type or is out of range.";
        return "The body is not well-formed JSON, or is nested too deeply.";
    }

    /// <summary>A JSON pointer (RFC 6901) for the path that the reader gives: <c>$.parts[0].etag</c> is <c>/parts/0/etag</c>.</summary>
    public static string PointerOf(string? path)
    {
        if (string.IsNullOrEmpty(path) || path[0] != '$')
            return "";
        var pointer = new StringBuilder();
        var rest = path.AsSpan(1);
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<char> token;
            if (rest.StartsWith("['") && rest.IndexOf("']") is > 0 and var close)
            {
                token = rest[2..close];
                rest = rest[(close + 2)..];
            }
            else if (rest[0] == '[' && rest.IndexOf(']') is > 0 and var end)
            {
                token = rest[1..end];
                rest = rest[(end + 1)..];
            }
            else
            {
                rest = rest[1..];
                var next = rest.IndexOfAny('.', '[');
                token = next < 0 ? rest : rest[..next];
                rest = next < 0 ? [] : rest[next..];
            }

            pointer.Append('/').Append(token.ToString().Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
        }

        // The client's own member names are echoed, but not without bound.
        return pointer.Length <= 200 ? pointer.ToString() : pointer.ToString(0, 200);
    }
}

using System.Text;
using System.Text.Json.Nodes;

namespace GrainVault.Api.Tests.Running.BadInput;

/// <summary>A body that is to be refused.</summary>
/// <param name="What">What is wrong with it.</param>
/// <param name="Bytes">The body.</param>
/// <param name="ContentType">Its media type.</param>
internal sealed record BadBody(string What, byte[] Bytes, string ContentType = "application/json");

/// <summary>What bad clients send.</summary>
internal static class BadValues
{
    /// <summary>Longer than any text of the API, and short enough for a body.</summary>
    private const int LongLength = 40_000;

    private const int DeepCount = 5_000;

    /// <summary>Bytes that no JSON body of any operation may have, but of lists of parts.</summary>
    private const int LargeSizeBytes = (64 << 10) + 1;

    private static readonly string Long = new('x', LongLength);

    private static readonly string Deep = new('[', DeepCount);

    /// <summary>Ids, tokens and numbers in paths; each leads nowhere.</summary>
    public static IEnumerable<string> InPath(ApiParameter parameter) => parameter.Name switch
    {
        "number" => ["0", "-1", "99", "2147483648", "99999999999999999999", "1.5", "1e3", "x", "%00", "%31%00", "0x1", "%EF%BC%91"],
        "path" => ["%ff%fe", "a%00b", "no/such/thing", ".", "a/../b", "%2e%2e%2fx", "%ED%A0%80", new string('x', 300), string.Concat(Enumerable.Repeat("a/", 2_000)) + "a"],
        _ =>
        [
            "x", "0", "-1", "f-", "u-00000000-0000-7000-8000-000000000000", "f-00000000-0000-7000-8000-000000000000", "up-00000000-0000-7000-8000-000000000000",
            "F-00000000-0000-7000-8000-00000000000A", "f-00000000000070008000000000000000", "%00", "a%00b", "%ff%fe", "%ED%A0%80", "..%2f..%2fetc", "'%20OR%201=1%20--",
            "%F0%9F%98%80", new string('x', 2_000),
        ],
    };

    /// <summary>Values of a query parameter that are refused.</summary>
    public static IEnumerable<string> InQuery(ApiParameter parameter) => (parameter.Name, parameter.Type) switch
    {
        (_, "integer") => ["-1", "x", "1.5", "1e3", "9223372036854775808", "99999999999999999999", "%00", "%EF%BC%91", "1%202"],
        (_, "boolean") => ["maybe", "2", "%00"],
        ("cursor", _) => ["x", "AAAA", "%00", "%ff%fe", new string('A', 3_000), "....", "%F0%9F%98%80"],
        ("view" or "sort" or "order" or "kind" or "match" or "direction" or "onConflict", _) => ["nonsense", "0", "OWNED", "%00", "owned,trash", new string('x', 2_000)],
        ("from" or "before" or "modifiedFrom" or "modifiedBefore", _) => ["yesterday", "2026-13-45T00:00:00Z", "1", "%00", "99999-01-01T00:00:00Z", new string('1', 2_000)],
        ("name", _) => ["a%2fb", "..", "%00", "a%0d%0ab", new string('x', 256), "%E2%80%AE"],
        ("parentId" or "fileId" or "ids", _) => ["x", "f-", "f-00000000-0000-7000-8000-000000000000", "%00", new string('x', 2_000), "%F0%9F%98%80"],
        ("q", _) => ["%00", new string('x', 256), "a%0ab"],
        ("ticket", _) => ["x", "%00", new string('x', 2_000)],
        _ => [],
    };

    /// <summary>Values of a query parameter that may be answered, but never by a failure: a text that nothing has.</summary>
    public static IEnumerable<string> StrangeInQuery(ApiParameter parameter) =>
        parameter.Type == "string" ? ["", "%00", "%ff%fe", "%ED%A0%80", new string('x', 3_000), "%F0%9F%98%80", "%25", "_%25_", "%5C"] : ["", "+1", "%201", "007"];

    /// <summary>Values of headers that are refused.</summary>
    public static IEnumerable<string> InHeader(string name) => name switch
    {
        "Idempotency-Key" => ["", new string('k', 256)],
        "If-Match" => ["\"no such tag\"", "x"],
        "Content-MD5" => ["x", "AAAA", new string('A', 2_000)],
        "Content-Digest" or "Repr-Digest" => ["sha-256=:x:", "sha-256=", "sha-256=:AAAA:"],
        "X-Checksum-Sha256" => ["x", new string('z', 64), new string('0', 64)],
        _ => [],
    };

    /// <summary>Values of headers that may be answered, but never by a failure.</summary>
    public static IEnumerable<string> StrangeInHeader(string name) => name switch
    {
        "Range" => ["bytes=", "bytes=-", "bytes=5-1", "bytes=99999999999999999999-", "bytes=0-0," + string.Concat(Enumerable.Repeat("0-0,", 500)), "lines=1-2", "bytes=-0"],
        "Last-Event-ID" => [],
        _ => ["x", "\"", "W/", "*, *", new string('"', 500), new string('x', 4_000), "Sat, 99 Foo 2026 00:00:00 GMT"],
    };

    /// <summary>Bodies that are wrong as a whole.</summary>
    public static IEnumerable<BadBody> Bodies(ApiOperation operation, JsonObject good)
    {
        var text = good.ToJsonString();
        if (operation.IsBodyRequired)
        {
            yield return Body("nothing", "");
            yield return Body("null", "null");
            yield return Body("an empty object", operation.Members!.Any(member => member.IsRequired) ? "{}" : "[]");
        }

        foreach (var wrong in (string[])[" ", "7", "\"x\"", "[]", "{", "}", "{\"", "{'a':1}", $"[{text}]", text + text, text + ",", text[..^1], text[..^1] + ",}", text.Insert(text.Length - 1, " /* c */ ")])
            yield return Body(wrong.Length < 20 ? wrong : "broken JSON", wrong);
        yield return Body("an unknown member", With(text, "\"nothingKnown\":1"));
        yield return Body("a member of another case", With(text, $"\"{char.ToUpperInvariant(operation.Members![0].Name[0])}{operation.Members[0].Name[1..]}\":1"));
        yield return Body("a deep value", With(text, $"\"deep\":{Deep}"));
        foreach (var member in good)
            yield return Body($"{member.Key} twice", With(text, $"\"{member.Key}\":{member.Value!.ToJsonString()}"));
        yield return new BadBody("bytes that are no UTF-8", [.. Encoding.UTF8.GetBytes(text[..^1]), .. ",\"x\":\""u8, 0xff, 0xfe, .. "\"}"u8]);
        yield return new BadBody("UTF-16", Encoding.Unicode.GetBytes(text));
        foreach (var type in (string[])["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/problem+json", "multipart/form-data; boundary=x"])
            yield return new BadBody(type, Encoding.UTF8.GetBytes(text), type);
        yield return new BadBody("no media type", Encoding.UTF8.GetBytes(text), "");
        if (operation.Members!.All(member => member.Name != "parts"))
            yield return Body("too large a body", With(text, $"\"x\":\"{new string('x', LargeSizeBytes)}\""));
    }

    /// <summary>Bodies that are good but for one member.</summary>
    public static IEnumerable<BadBody> Members(ApiOperation operation, JsonObject good)
    {
        foreach (var member in operation.Members!)
        {
            var others = (JsonObject)good.DeepClone();
            others.Remove(member.Name);
            var rest = others.ToJsonString();
            if (member.IsRequired)
            {
                yield return Body($"no {member.Name}", rest);
                yield return Body($"{member.Name} null", With(rest, $"\"{member.Name}\":null"));
            }

            foreach (var (what, value) in Values(member))
                yield return new BadBody($"{member.Name} {what}", Encoding.UTF8.GetBytes(With(rest, $"\"{member.Name}\":{value}")));
            if (member.Type == "string")
                yield return new BadBody($"{member.Name} no UTF-8", [.. Encoding.UTF8.GetBytes(With(rest, $"\"{member.Name}\":\"")[..^1]), 0xc3, 0x28, .. "\"}"u8]);
        }
    }

    private static IEnumerable<(string What, string Value)> Values(ApiMember member)
    {
        (string, string)[] always = [("an object", "{}"), ("an object with members", "{\"a\":1}"), ("true", member.Type == "boolean" ? "TRUE" : "true"), ("deep", Deep)];
        IEnumerable<(string, string)> typed = member.Type switch
        {
            "integer" => [("a text", "\"7\""), ("a fraction", "1.5"), ("an exponent", "1e3"), ("too large", "9223372036854775808"), ("far too large", "1e400"), ("negative", "-1"), ("an array", "[]"), ("no number", "NaN")],
            "boolean" => [("a text", "\"true\""), ("a number", "1"), ("an array", "[true]")],
            "array" =>
            [
                ("a number", "7"), ("a text", "\"x\""), ("with null", "[null]"), ("nested", "[[]]"), ("with too many", $"[{string.Join(',', Enumerable.Repeat("1", 12_000))}]"),
                ("with another type", member.ItemType == "string" ? "[1]" : "[\"x\"]"), ("with what is nowhere", member.ItemType == "string" ? "[\"x\"]" : member.ItemType == "integer" ? "[0,-1,99999]" : "[{\"number\":0,\"etag\":\"x\"}]"),
                ("with a double", member.ItemType == "string" ? "[\"x\",\"x\"]" : "[99,99]"),
            ],
            _ when member.IsEnum => [("unknown", "\"nonsense\""), ("empty", "\"\""), ("a number", "1"), ("long", $"\"{Long}\""), ("an array", "[]"), ("in capitals", "\"FAIL\"")],
            _ when member.IsTime => [("no time", "\"yesterday\""), ("no date", "\"2026-13-45T00:00:00Z\""), ("a number", "1"), ("empty", "\"\""), ("long", $"\"{Long}\""), ("an array", "[]"), ("past", "\"2001-01-01T00:00:00Z\"")],
            _ =>
            [
                ("a number", "7"), ("an array", "[]"), ("empty", "\"\""), ("long", $"\"{Long}\""), ("a lone surrogate", "\"\\ud800\""), ("surrogates the wrong way round", "\"\\udc00\\ud800\""),
                ("NUL", "\"\\u0000\""), ("with NUL", "\"a\\u0000b\""), ("a line break", "\"a\\r\\nb: c\""), ("with a raw line break", "\"a\nb\""), ("turned round", "\"\u202eabc\""),
            ],
        };
        return always.Concat(typed);
    }

    private static string With(string json, string member) => json.Length == 2 ? $"{{{member}}}" : $"{json[..^1]},{member}}}";

    private static BadBody Body(string what, string json) => new(what, Encoding.UTF8.GetBytes(json));
}

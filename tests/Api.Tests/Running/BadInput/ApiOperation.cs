using System.Text.Json;

namespace GrainVault.Api.Tests.Running.BadInput;

/// <summary>A parameter of an operation.</summary>
/// <param name="Name">Its name.</param>
/// <param name="In">path, query or header.</param>
/// <param name="Type">Its JSON type.</param>
internal sealed record ApiParameter(string Name, string In, string Type);

/// <summary>A member of a JSON body.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its JSON type, without null.</param>
/// <param name="ItemType">Type of the items of an array; empty for other types.</param>
/// <param name="IsEnum">Few values are allowed.</param>
/// <param name="IsTime">It is a time.</param>
/// <param name="IsRequired">It must be there.</param>
internal sealed record ApiMember(string Name, string Type, string ItemType, bool IsEnum, bool IsTime, bool IsRequired);

/// <summary>An operation, as the system's own document describes it.</summary>
/// <param name="Method">HTTP method in capitals.</param>
/// <param name="Path">Path with placeholders.</param>
/// <param name="Parameters">Parameters of path, query and headers.</param>
/// <param name="Members">Members of the JSON body; null where none is taken.</param>
/// <param name="IsBodyRequired">There must be a body.</param>
/// <param name="TakesBytes">The body is content.</param>
/// <param name="NeedsToken">Nobody is served without an access token.</param>
internal sealed record ApiOperation(
    string Method, string Path, IReadOnlyList<ApiParameter> Parameters, IReadOnlyList<ApiMember>? Members, bool IsBodyRequired, bool TakesBytes, bool NeedsToken)
{
    public string Key => $"{Method} {Path}";

    /// <summary>It changes nothing.</summary>
    public bool IsReading => Method is "GET" or "HEAD";

    /// <summary>All operations of the document.</summary>
    public static List<ApiOperation> ReadAll(JsonElement document) =>
    [
        .. from path in document.GetProperty("paths").EnumerateObject()
           from operation in path.Value.EnumerateObject()
           select Read(document, operation.Name.ToUpperInvariant(), path.Name, operation.Value),
    ];

    private static ApiOperation Read(JsonElement document, string method, string path, JsonElement operation)
    {
        var parameters = operation.TryGetProperty("parameters", out var list)
            ? list.EnumerateArray().Select(item => new ApiParameter(Text(item, "name"), Text(item, "in"), TypeOf(Resolve(document, item.GetProperty("schema"))))).ToList()
            : [];
        List<ApiMember>? members = null;
        var (isRequired, takesBytes) = (false, false);
        if (operation.TryGetProperty("requestBody", out var body))
        {
            isRequired = body.TryGetProperty("required", out var required) && required.GetBoolean();
            takesBytes = body.GetProperty("content").TryGetProperty("application/octet-stream", out _);
            if (body.GetProperty("content").TryGetProperty("application/json", out var json))
                members = MembersOf(document, Resolve(document, json.GetProperty("schema")));
        }

        // A choice that is nothing stands for going without.
        var needsToken = operation.TryGetProperty("security", out var security) && security.EnumerateArray().All(choice => choice.EnumerateObject().Any());
        return new ApiOperation(method, path, parameters, members, isRequired, takesBytes, needsToken);
    }

    private static List<ApiMember> MembersOf(JsonElement document, JsonElement schema)
    {
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()!).ToHashSet() : [];
        return schema.GetProperty("properties").EnumerateObject().Select(property =>
        {
            var value = Resolve(document, property.Value);
            var itemType = value.TryGetProperty("items", out var items) ? TypeOf(Resolve(document, items)) : "";
            return new ApiMember(
                property.Name, TypeOf(value), itemType, value.TryGetProperty("enum", out _),
                value.TryGetProperty("format", out var format) && format.GetString() == "date-time", required.Contains(property.Name));
        }).ToList();
    }

    private static JsonElement Resolve(JsonElement document, JsonElement schema) =>
        schema.TryGetProperty("$ref", out var reference)
            ? document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1])
            : schema;

    private static string TypeOf(JsonElement schema)
    {
        var type = schema.GetProperty("type");
        return type.ValueKind == JsonValueKind.String ? type.GetString()! : type.EnumerateArray().Select(item => item.GetString()!).First(item => item != "null");
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}

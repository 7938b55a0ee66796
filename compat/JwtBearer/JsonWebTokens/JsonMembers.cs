using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Microsoft.IdentityModel.JsonWebTokens;

/// <summary>One member of a JSON object: its name and where its value stands.</summary>
internal readonly record struct JsonMember(string Name, JsonTokenType Type, int Start, int SizeBytes, string? Text);

/// <summary>
/// The members of the JSON object that a token's header or payload is, read in one pass. Refuses what makes two
/// readers disagree: a name twice (RFC 7519, 4), bytes that are not UTF-8, comments, trailing data.
/// </summary>
internal sealed class JsonMembers
{
    /// <summary>Deepest nesting of arrays and objects.</summary>
    public const int DepthMax = 16;

    /// <summary>From here on, names are looked up in a set, so that a token full of names costs linear time.</summary>
    private const int LinearSearchCountMax = 16;

    private readonly byte[] _utf8;
    private JsonMember[] _items;
    private int _count;
    private HashSet<string>? _names;

    private JsonMembers(byte[] utf8, int countHint)
    {
        _utf8 = utf8;
        _items = new JsonMember[countHint];
    }

    /// <summary>The members in their order.</summary>
    public ReadOnlySpan<JsonMember> Items => _items.AsSpan(0, _count);

    /// <summary>Reads <paramref name="utf8"/>, which is kept. Null: not acceptable, and <paramref name="failure"/> says why.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="countHint">How many members to have room for at first.</param>
    /// <param name="failure">The reason; null when there is none.</param>
    public static JsonMembers? TryParse(byte[] utf8, int countHint, out string? failure)
    {
        if (!Utf8.IsValid(utf8))
        {
            failure = "not UTF-8";
            return null;
        }

        try
        {
            var members = new JsonMembers(utf8, countHint);
            failure = members.Read();
            return failure is null ? members : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string with half a surrogate pair, which has no UTF-16 form.
            failure = "not JSON";
            return null;
        }
    }

    /// <summary>Finds a member by its exact name.</summary>
    public bool TryFind(string name, out JsonMember member)
    {
        foreach (ref readonly var item in Items)
        {
            if (string.Equals(item.Name, name, StringComparison.Ordinal))
            {
                member = item;
                return true;
            }
        }

        member = default;
        return false;
    }

    /// <summary>The value of a member as it was written.</summary>
    public ReadOnlySpan<byte> Raw(in JsonMember member) => _utf8.AsSpan(member.Start, member.SizeBytes);

    /// <summary>The value of a member as text: of a string its content, of anything else its JSON.</summary>
    public string TextOf(in JsonMember member) => member.Text ?? Encoding.UTF8.GetString(Raw(member));

    private string? Read()
    {
        var reader = new Utf8JsonReader(_utf8, new JsonReaderOptions { MaxDepth = DepthMax });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return "not a JSON object";
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonNames.Read(ref reader);
            reader.Read();
            var type = reader.TokenType;
            var start = (int)reader.TokenStartIndex;
            var text = type == JsonTokenType.String ? JsonNames.Read(ref reader) : null;
            SkipChecked(ref reader);
            if (!Add(new JsonMember(name, type, start, (int)reader.BytesConsumed - start, text)))
                return "a name twice";
        }

        // Reading on throws when anything but white space follows the object.
        reader.Read();
        return null;
    }

    /// <summary>Goes to the end of an array or object; throws for a string in it that has no UTF-16 form.</summary>
    private static void SkipChecked(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
            return;
        var depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                reader.GetString();
        }
    }

    private bool Add(in JsonMember member)
    {
        if (_count < LinearSearchCountMax)
        {
            if (TryFind(member.Name, out _))
                return false;
        }
        else
        {
            if (_names is null)
            {
                _names = new HashSet<string>(StringComparer.Ordinal);
                foreach (ref readonly var item in Items)
                    _names.Add(item.Name);
            }

            if (!_names.Add(member.Name))
                return false;
        }

        if (_count == _items.Length)
            Array.Resize(ref _items, _count * 2);
        _items[_count++] = member;
        return true;
    }
}

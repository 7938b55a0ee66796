using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Calls;
using Orleans.Runtime;

namespace Orleans.Serialization.Wire;

/// <summary>
/// Names of types in messages: aliases or full names of those that may cross a call, put together as "A`2&lt;B,C[]&gt;". A name
/// only ever finds a type that this process had in its list before; nothing is loaded because of it.
/// </summary>
internal static class WireTypeNames
{
    private const string ReferenceName = "@";
    private const string ExceptionName = "!";
    private const int DepthMax = 8;

    /// <summary>Types that were put together because a peer named them: its inventions must not fill the memory. Those that this process
    /// writes itself don't count.</summary>
    private const int InventedTypesMax = 4096;

    /// <summary>By name; null for a name whose parts are known, but don't go together: Nullable`1&lt;String&gt;.</summary>
    private static readonly ConcurrentDictionary<string, Type?> Composed = new(StringComparer.Ordinal);
    private static int _inventedCount;
    private static readonly Lazy<ConcurrentDictionary<string, Type>> Known = new(FindKnown);

    internal static ReadOnlySpan<byte> ExceptionNameUtf8 => "!"u8;

    /// <summary>The name of a type that may cross a call.</summary>
    internal static string Of(Type type)
    {
        if (typeof(GrainReference).IsAssignableFrom(type))
            return ReferenceName;
        if (typeof(Exception).IsAssignableFrom(type))
            return ExceptionName;
        if (type.IsSZArray)
            return Remember($"{Of(type.GetElementType()!)}[]", type);
        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        var name = NameOf(definition);
        // What an assembly brings that was loaded late becomes known when it is first sent.
        if (WireTypeModel.IsMarked(definition) || GrainInterfaces.IsGrainInterface(definition))
            Known.Value.TryAdd(name, definition);
        if (!Known.Value.TryGetValue(name, out var known) || known != definition)
            throw CodecFactory.NotFound(type);
        return type.IsGenericType ? Remember($"{name}<{string.Join(',', type.GetGenericArguments().Select(Of))}>", type) : name;
    }

    /// <summary>Finds a type by its name; null when it is not known.</summary>
    internal static Type? Find(string name)
    {
        if (Composed.TryGetValue(name, out var found))
            return found;
        if (Known.Value.TryGetValue(name, out found) && !found.IsGenericTypeDefinition)
            return found;
        // Nothing is made of a name that is none: types stay for good.
        var rest = name.AsSpan();
        if (Parse(ref rest, 0, makes: false) is null || !rest.IsEmpty || _inventedCount >= InventedTypesMax)
            return null;
        Interlocked.Increment(ref _inventedCount);
        return Composed.GetOrAdd(name, static name =>
        {
            var rest = name.AsSpan();
            try
            {
                return Parse(ref rest, 0, makes: true);
            }
            catch (Exception failure) when (failure is ArgumentException or TypeLoadException)
            {
                return null;
            }
        });
    }

    private static string Remember(string name, Type type)
    {
        Composed.TryAdd(name, type);
        return name;
    }

    internal static string NameOf(Type definition) => definition.IsInterface
        ? ReferenceName + MethodModel.NameOf(definition)
        : definition.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias is { } alias && alias.AsSpan().IndexOfAny("<>,[]") < 0
            ? alias
        : definition.FullName!;

    /// <summary>Reads a name, and makes its type; otherwise only says whether it is one, by whatever type.</summary>
    private static Type? Parse(ref ReadOnlySpan<char> rest, int depth, bool makes)
    {
        var length = rest.IndexOfAny("<>,[");
        var name = length < 0 ? rest : rest[..length];
        rest = rest[name.Length..];
        if (depth > DepthMax || !Known.Value.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var type))
            return null;
        if (type.IsGenericTypeDefinition)
        {
            var arguments = new Type[type.GetGenericArguments().Length];
            for (var index = 0; index < arguments.Length; index++)
            {
                if (!TrySkip(ref rest, index == 0 ? "<" : ",") || Parse(ref rest, depth + 1, makes) is not { } argument)
                    return null;
                arguments[index] = argument;
            }
            if (!TrySkip(ref rest, ">"))
                return null;
            type = makes ? type.MakeGenericType(arguments) : type;
        }
        while (TrySkip(ref rest, "[]"))
        {
            if (++depth > DepthMax)
                return null;
            type = makes ? type.MakeArrayType() : type;
        }
        return type;
    }

    private static bool TrySkip(ref ReadOnlySpan<char> rest, string text)
    {
        if (!rest.StartsWith(text, StringComparison.Ordinal))
            return false;
        rest = rest[text.Length..];
        return true;
    }

    private static ConcurrentDictionary<string, Type> FindKnown()
    {
        var known = new ConcurrentDictionary<string, Type>(StringComparer.Ordinal)
        {
            [ReferenceName] = typeof(GrainReference),
            [ExceptionName] = typeof(Exception),
        };
        var types = ApplicationTypes.OfProcess;
        foreach (var type in Shareable.Definitions.Concat(CopierFactory.Definitions).Concat(types.WireTypes).Concat(types.Enums).Concat(types.Interfaces).Append(typeof(object)))
        {
            known.TryAdd(NameOf(type), type);
            // A name from before the type had an alias still finds it.
            known.TryAdd(type.FullName!, type);
        }
        return known;
    }
}

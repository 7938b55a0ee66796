using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;

namespace Orleans.Serialization.Wire;

/// <summary>The exceptions that may be made because a peer names them: those of the framework's core and of the runtime, and the
/// application's own that are marked with <see cref="GenerateSerializerAttribute"/>.</summary>
internal static class KnownExceptions
{
    private static readonly Lazy<Dictionary<string, Type>> Types = new(FindAll);

    internal static Type? Find(string name) => Types.Value.GetValueOrDefault(name);

    internal static string NameOf(Type type) => type.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias ?? type.FullName ?? type.Name;

    private static Dictionary<string, Type> FindAll()
    {
        var types = new Dictionary<string, Type>(StringComparer.Ordinal);
        Type[] others = [typeof(UriFormatException), typeof(SocketException), typeof(HttpRequestException), typeof(JsonException), typeof(CryptographicException)];
        foreach (var type in typeof(object).Assembly.GetExportedTypes()
            .Concat(typeof(IGrain).Assembly.GetTypes())
            .Concat(others)
            .Concat(ApplicationTypes.OfProcess.WireTypes)
            .Where(type => typeof(Exception).IsAssignableFrom(type) && type is { IsAbstract: false, ContainsGenericParameters: false }))
        {
            types.TryAdd(NameOf(type), type);
            types.TryAdd(type.FullName!, type);
        }
        return types;
    }
}

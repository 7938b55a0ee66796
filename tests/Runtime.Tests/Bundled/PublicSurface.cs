using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace GrainVault.Runtime.Tests.Bundled;

/// <summary>Writes an assembly's public and protected members as the lines of the official list: one a line, full names.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Members that every type has in one form or another; the list leaves them out.</summary>
    private static readonly HashSet<string> Common = ["Equals", "GetHashCode", "ToString", "Finalize"];

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(string)] = "string",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(uint)] = "uint",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(object)] = "object",
        [typeof(void)] = "void",
    };

    public static IEnumerable<string> LinesOf(Assembly assembly) => assembly.GetExportedTypes().SelectMany(LinesOf);

    /// <summary>A line of the list that declares a type, without its bases and its assembly.</summary>
    public static string WithoutBases(string line) =>
        line.EndsWith(']') && line.Contains("  [", StringComparison.Ordinal)
            ? line[..line.IndexOf("  [", StringComparison.Ordinal)].Split(" : ")[0]
            : line;

    private static IEnumerable<string> LinesOf(Type type)
    {
        var owner = NameOf(type);
        yield return $"{KindOf(type)} {owner}";
        foreach (var constructor in type.GetConstructors(Declared).Where(IsVisible).Where(constructor => !constructor.IsStatic))
            yield return $"{owner}.ctor({ParametersOf(constructor)})";
        foreach (var property in type.GetProperties(Declared))
        {
            if (AccessorsOf(property) is { Length: > 0 } accessors)
                yield return $"{owner}.{property.Name} {{ {accessors}}} : {NameOf(property.PropertyType)}";
        }
        foreach (var field in type.GetFields(Declared).Where(field => (field.IsPublic || field.IsFamily) && !field.IsSpecialName))
            yield return $"{owner}.{field.Name}{FieldOf(field)}";
        foreach (var method in type.GetMethods(Declared).Where(IsVisible).Where(method => !method.IsSpecialName && !Common.Contains(method.Name)))
            yield return $"{owner}.{MethodOf(method)}";
    }

    private static bool IsVisible(MethodBase method) =>
        method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string KindOf(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsValueType: true } => "struct",
        { IsInterface: true } => "interface",
        _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static string NameOf(Type type)
    {
        if (Keywords.TryGetValue(type, out var keyword))
            return keyword;
        if (type.IsByRef)
            return $"ref {NameOf(type.GetElementType()!)}";
        if (type.IsArray)
            return $"{NameOf(type.GetElementType()!)}[]";
        if (type.IsGenericParameter)
            return type.Name;
        var name = (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');
        var tick = name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? name : $"{name[..tick]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
    }

    private static string AccessorsOf(PropertyInfo property) =>
        (property.GetMethod is { } get && IsVisible(get) ? "get; " : "") + (property.SetMethod is { } set && IsVisible(set) ? "set; " : "");

    private static string FieldOf(FieldInfo field) => field switch
    {
        { DeclaringType.IsEnum: true } => $" = {Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}",
        { IsLiteral: true } => $" : const {NameOf(field.FieldType)} = {field.GetRawConstantValue() ?? "default"}",
        { IsStatic: true } => $" : static {NameOf(field.FieldType)}",
        _ => $" : {NameOf(field.FieldType)}",
    };

    private static string MethodOf(MethodInfo method)
    {
        var generics = method.IsGenericMethodDefinition ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";
        var constraints = string.Concat(method.IsGenericMethodDefinition ? method.GetGenericArguments().Select(ConstraintsOf) : []);
        var modifiers = (method.IsStatic ? "static " : "")
            + (method.IsFamily || method.IsFamilyOrAssembly ? "protected " : "")
            + (method.IsVirtual && !method.IsFinal && !method.DeclaringType!.IsInterface ? "virtual " : "");
        return $"{method.Name}{generics}({ParametersOf(method)}) -> {modifiers}{NameOf(method.ReturnType)}{constraints}";
    }

    private static string ConstraintsOf(Type parameter)
    {
        var types = parameter.GetGenericParameterConstraints().Where(type => type != typeof(ValueType)).Select(NameOf).ToArray();
        return types.Length == 0 ? "" : $" where {parameter.Name} : {string.Join(", ", types)}";
    }

    private static string ParametersOf(MethodBase method)
    {
        var isExtension = method.IsDefined(typeof(ExtensionAttribute));
        return string.Join(", ", method.GetParameters().Select(parameter =>
            (isExtension && parameter.Position == 0 ? "this " : "") + $"{NameOf(parameter.ParameterType)} {parameter.Name}{DefaultOf(parameter)}"));
    }

    private static string DefaultOf(ParameterInfo parameter) => !parameter.HasDefaultValue ? "" : parameter.RawDefaultValue switch
    {
        null => " = default",
        string text => $" = \"{text}\"",
        var value => $" = {value}",
    };
}

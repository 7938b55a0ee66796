using System.Reflection;
using Orleans.Concurrency;

namespace Orleans.Calls;

/// <summary>One method of a grain interface: what a message needs to name it, and the rules of its calls.</summary>
internal sealed class MethodModel
{
    internal MethodModel(MethodInfo method)
    {
        Method = method;
        InterfaceType = method.DeclaringType!;
        InterfaceName = NameOf(InterfaceType);
        Name = method.GetCustomAttribute<AliasAttribute>()?.Alias ?? UniqueName(method);
        IsReadOnly = method.IsDefined(typeof(ReadOnlyAttribute));
        IsAlwaysInterleave = method.IsDefined(typeof(AlwaysInterleaveAttribute));
        ResponseTimeout = (method.GetCustomAttribute<ResponseTimeoutAttribute>()
            ?? InterfaceType.GetCustomAttribute<ResponseTimeoutAttribute>())?.Timeout;
        TakesCancellation = method.GetParameters().Any(parameter => parameter.ParameterType == typeof(CancellationToken));
    }

    internal MethodInfo Method { get; }

    internal Type InterfaceType { get; }

    /// <summary>The alias of the interface, or its full name: stable across versions where an alias is given.</summary>
    internal string InterfaceName { get; }

    /// <summary>The alias of the method, or its name; with the types of its parameters where the interface has several of that name.</summary>
    internal string Name { get; }

    internal bool IsReadOnly { get; }

    internal bool IsAlwaysInterleave { get; }

    internal TimeSpan? ResponseTimeout { get; }

    internal bool TakesCancellation { get; }

    internal static string NameOf(Type interfaceType) =>
        interfaceType.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias ?? interfaceType.FullName!;

    private static string UniqueName(MethodInfo method) => method.DeclaringType!.GetMethods().Count(other => other.Name == method.Name) <= 1
        ? method.Name
        : $"{method.Name}({string.Join(',', method.GetParameters().Select(parameter => parameter.ParameterType))})";

    public override string ToString() => $"{InterfaceType.FullName}.{Method.Name}";
}

using System.Collections.Concurrent;
using System.Reflection.Emit;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.Calls;

/// <summary>Finds the generated call class that a message names.</summary>
internal static class CallCatalog
{
    private static readonly ConcurrentDictionary<string, Type> Interfaces = new(StringComparer.Ordinal);
    private static readonly Lazy<bool> AllAreFound = new(FindAll);
    private static readonly ConcurrentDictionary<(string Interface, string Method), Func<GrainCall>> Factories = new();

    /// <summary>Makes a call without arguments; null when this process has no such method.</summary>
    /// <param name="interfaceName">As in <see cref="MethodModel.InterfaceName"/>.</param>
    /// <param name="methodName">As in <see cref="MethodModel.Name"/>.</param>
    /// <returns>The call.</returns>
    internal static GrainCall? Create(string interfaceName, string methodName)
    {
        if (Factories.TryGetValue((interfaceName, methodName), out var factory))
            return factory();
        if (FindInterface(interfaceName) is not { } type)
            return null;
        var proxy = InterfaceProxy.For(type);
        var index = Array.FindIndex(proxy.Methods, method => method.Name == methodName && method.InterfaceName == interfaceName);
        return index < 0 ? null : Factories.GetOrAdd((interfaceName, methodName), Factory(proxy.Calls[index]))();
    }

    /// <summary>Finds a grain interface by alias or full name; null when it is not known.</summary>
    internal static Type? FindInterface(string name) =>
        Interfaces.TryGetValue(name, out var found) || (AllAreFound.Value && Interfaces.TryGetValue(name, out found)) ? found : null;

    /// <summary>Makes an interface known. Those of the program's own assemblies are found without it.</summary>
    internal static void Add(Type interfaceType)
    {
        Interfaces.TryAdd(MethodModel.NameOf(interfaceType), interfaceType);
        // Methods of an interface that is no grain's own are called through one that is.
        foreach (var parent in interfaceType.GetInterfaces())
            Interfaces.TryAdd(MethodModel.NameOf(parent), GrainInterfaces.IsGrainInterface(parent) ? parent : interfaceType);
    }

    private static bool FindAll()
    {
        foreach (var type in ApplicationTypes.OfProcess.Interfaces.Append(typeof(IRemindable)))
            Add(type);
        return true;
    }

    private static Func<GrainCall> Factory(Type call)
    {
        var method = new DynamicMethod($"New {call.Name}", typeof(GrainCall), [], call.Module, skipVisibility: true);
        var il = method.GetILGenerator();
        il.Emit(OpCodes.Newobj, call.GetConstructor([])!);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<GrainCall>>();
    }
}

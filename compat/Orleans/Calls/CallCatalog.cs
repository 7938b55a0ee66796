using System.Collections.Concurrent;
using System.Reflection.Emit;
using Orleans.Serialization;

namespace Orleans.Calls;

/// <summary>Finds the generated call class that a message names.</summary>
internal static class CallCatalog
{
    private static readonly Lazy<ConcurrentDictionary<string, Type>> Interfaces = new(FindInterfaces);
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
    internal static Type? FindInterface(string name) => Interfaces.Value.GetValueOrDefault(name);

    /// <summary>Makes an interface known that came with an assembly that was loaded late.</summary>
    internal static void Add(Type interfaceType) => AddTo(Interfaces.Value, interfaceType);

    private static ConcurrentDictionary<string, Type> FindInterfaces()
    {
        var found = new ConcurrentDictionary<string, Type>(StringComparer.Ordinal);
        foreach (var type in ApplicationTypes.OfProcess.Interfaces.Append(typeof(IRemindable)))
            AddTo(found, type);
        return found;
    }

    private static void AddTo(ConcurrentDictionary<string, Type> interfaces, Type type)
    {
        interfaces[MethodModel.NameOf(type)] = type;
        // Methods of an interface that is no grain's own are called through one that is.
        foreach (var parent in type.GetInterfaces())
            interfaces.TryAdd(MethodModel.NameOf(parent), Runtime.GrainInterfaces.IsGrainInterface(parent) ? parent : type);
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

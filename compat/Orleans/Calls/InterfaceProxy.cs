using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Orleans.Calls;

/// <summary>
/// The generated classes of one grain interface: a reference whose methods make calls, and for each method a call whose
/// fields are the arguments. The official package generates the same at build time.
/// </summary>
internal sealed class InterfaceProxy
{
    private static readonly ConcurrentDictionary<Type, Lazy<InterfaceProxy>> Proxies = new();

    private InterfaceProxy(Type interfaceType)
    {
        if (!GrainInterfaces.IsGrainInterface(interfaceType))
            throw new ArgumentException($"{interfaceType.FullName} is not a grain interface.");
        MethodInfo[] methods = [.. MethodsOf(interfaceType)];
        var module = DefineModule(interfaceType, methods);
        Methods = Array.ConvertAll(methods, method => new MethodModel(method));
        Calls = new Type[methods.Length];
        for (var index = 0; index < methods.Length; index++)
            Calls[index] = CallEmitter.Emit(module, $"{interfaceType.Name}_{methods[index].Name}_{index}", Methods[index]);
        Create = ReferenceEmitter.Emit(module, interfaceType, methods, Calls);
        CallCatalog.Add(interfaceType);
    }

    internal Func<ReferenceShared, GrainId, GrainReference> Create { get; }

    internal MethodModel[] Methods { get; }

    /// <summary>The call class of each method.</summary>
    internal Type[] Calls { get; }

    internal static InterfaceProxy For(Type interfaceType) =>
        Proxies.GetOrAdd(interfaceType, static type => new Lazy<InterfaceProxy>(() => new InterfaceProxy(type))).Value;

    internal static IEnumerable<MethodInfo> MethodsOf(Type interfaceType) =>
        interfaceType.GetInterfaces().Prepend(interfaceType)
            .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(method => method.IsVirtual);

    /// <summary>
    /// One assembly per interface, since the runtime reads an assembly's access grants once: it must name every assembly
    /// whose internal types the interface uses.
    /// </summary>
    private static ModuleBuilder DefineModule(Type interfaceType, MethodInfo[] methods)
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName($"Orleans.Generated.{interfaceType.FullName}"), AssemblyBuilderAccess.Run);
        var constructor = typeof(IgnoresAccessChecksToAttribute).GetConstructor([typeof(string)])!;
        foreach (var name in AssembliesOf(interfaceType, methods))
            assembly.SetCustomAttribute(new CustomAttributeBuilder(constructor, [name]));
        return assembly.DefineDynamicModule("Generated");
    }

    private static IEnumerable<string> AssembliesOf(Type interfaceType, MethodInfo[] methods)
    {
        var types = new HashSet<Type> { typeof(GrainReference), interfaceType };
        foreach (var face in interfaceType.GetInterfaces())
            types.Add(face);
        foreach (var method in methods)
        {
            AddTypes(types, method.ReturnType);
            foreach (var parameter in method.GetParameters())
                AddTypes(types, parameter.ParameterType);
        }
        return types.Select(type => type.Assembly.GetName().Name!).Distinct();
    }

    private static void AddTypes(HashSet<Type> types, Type type)
    {
        if (!types.Add(type))
            return;
        if (type.HasElementType)
            AddTypes(types, type.GetElementType()!);
        foreach (var argument in type.GetGenericArguments())
            AddTypes(types, argument);
    }
}

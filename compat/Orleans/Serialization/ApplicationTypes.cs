using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>The types of the application that concern the runtime.</summary>
internal sealed class ApplicationTypes
{
    private static readonly string RuntimeName = typeof(IGrain).Assembly.GetName().Name!;

    private static readonly Lazy<ApplicationTypes> Found = new(Find);

    internal ApplicationTypes(IEnumerable<Type> types)
    {
        var all = types.ToArray();
        GrainClasses = Array.FindAll(all, GrainInterfaces.IsGrainClass);
        Interfaces = Array.FindAll(all, GrainInterfaces.IsApplicationInterface);
        WireTypes = Array.FindAll(all, WireTypeModel.IsMarked);
        Enums = Array.FindAll(all, type => type.IsEnum);
    }

    /// <summary>Those that this process had when it was first asked: only they can be named by a peer.</summary>
    internal static ApplicationTypes OfProcess => Found.Value;

    internal IReadOnlyList<Type> GrainClasses { get; }

    internal IReadOnlyList<Type> Interfaces { get; }

    internal IReadOnlyList<Type> WireTypes { get; }

    /// <summary>The enums, which may cross a call unmarked too.</summary>
    internal IReadOnlyList<Type> Enums { get; }

    /// <summary>
    /// Looks through the program's own assemblies: those that are loaded by default and those that they refer to, as far as
    /// they use the runtime.
    /// </summary>
    internal static ApplicationTypes Find()
    {
        var seen = new Dictionary<string, Assembly>(StringComparer.Ordinal);
        var waiting = new Queue<Assembly>(AppDomain.CurrentDomain.GetAssemblies().Where(assembly =>
            !assembly.IsDynamic && System.Runtime.Loader.AssemblyLoadContext.GetLoadContext(assembly) == System.Runtime.Loader.AssemblyLoadContext.Default));
        while (waiting.TryDequeue(out var assembly))
        {
            if (assembly.GetName().Name is not { } name || IsFramework(name) || !seen.TryAdd(name, assembly))
                continue;
            foreach (var reference in assembly.GetReferencedAssemblies())
            {
                if (reference.Name is not null && !IsFramework(reference.Name) && !seen.ContainsKey(reference.Name) && TryLoad(reference) is { } loaded)
                    waiting.Enqueue(loaded);
            }
        }
        return new ApplicationTypes(seen.Values.Where(UsesRuntime).SelectMany(TypesOf));
    }

    private static bool UsesRuntime(Assembly assembly) =>
        Array.Exists(assembly.GetReferencedAssemblies(), reference => reference.Name == RuntimeName);

    /// <summary>The types that can be loaded: one that needs an assembly that was not deployed can't run here.</summary>
    private static IEnumerable<Type> TypesOf(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException failure)
        {
            return failure.Types.OfType<Type>();
        }
    }

    private static bool IsFramework(string name) =>
        name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal)
        || name is "System" or "netstandard" or "mscorlib";

    private static Assembly? TryLoad(AssemblyName reference)
    {
        try
        {
            return Assembly.Load(reference);
        }
        catch (Exception failure) when (failure is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            // An optional dependency that was not deployed can't hold grains that run here.
            return null;
        }
    }
}

using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>
/// Refuses at start what the official packages refuse at build time or at run time, so that an application that runs on
/// the bundled runtime runs on the official one too.
/// </summary>
internal static class TypeValidator
{
    /// <summary>Looks at everything that the application hands to the runtime.</summary>
    /// <exception cref="OrleansConfigurationException">Something is wrong; the message has one line for each fault.</exception>
    internal static void ThrowIfFaulty(ApplicationTypes types)
    {
        var faults = FindFaults(types);
        if (faults.Count > 0)
        {
            throw new OrleansConfigurationException(
                $"The runtime refuses {faults.Count} of the application's declarations:{Environment.NewLine}- "
                + string.Join($"{Environment.NewLine}- ", faults));
        }
    }

    internal static IReadOnlyList<string> FindFaults(ApplicationTypes types)
    {
        var faults = new List<string>();
        foreach (var type in types.WireTypes)
            faults.AddRange(WireTypeRules.FindFaults(type));
        foreach (var type in types.Interfaces.Where(type => type.Assembly != typeof(IGrain).Assembly))
            faults.AddRange(GrainInterfaceRules.FindFaults(type));
        foreach (var type in types.GrainClasses)
            faults.AddRange(GrainClassRules.FindFaults(type));
        faults.AddRange(Clashes(types.WireTypes.Where(type => AliasOf(type) is not null), type => AliasOf(type)!, "type alias"));
        faults.AddRange(Clashes(types.Interfaces, Calls.MethodModel.NameOf, "interface alias"));
        faults.AddRange(Clashes(types.GrainClasses, GrainClass.NameOf, "grain type"));
        faults.AddRange(GrainClassRules.FindStateClashes(types.GrainClasses));
        return faults;
    }

    /// <summary>Whether code of the same assembly could name the type.</summary>
    internal static bool IsAccessible(Type type)
    {
        for (Type? level = type; level is not null; level = level.DeclaringType)
        {
            if (level.IsNestedPrivate || level.IsNestedFamily || level.IsNestedFamANDAssem)
                return false;
        }
        return true;
    }

    private static string? AliasOf(Type type) => type.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias;

    private static IEnumerable<string> Clashes(IEnumerable<Type> types, Func<Type, string> nameOf, string what) => types
        .GroupBy(nameOf, StringComparer.Ordinal)
        .Where(group => group.Count() > 1)
        .Select(group => $"The {what} \"{group.Key}\" is used by {string.Join(" and ", group.Select(type => type.FullName))}; it must be unique.");
}

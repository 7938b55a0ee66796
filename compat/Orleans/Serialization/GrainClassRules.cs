using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>What a grain class must look like.</summary>
internal static class GrainClassRules
{
    internal static IEnumerable<string> FindFaults(Type type)
    {
        if (!TypeValidator.IsAccessible(type))
            yield return $"{type.FullName} is not accessible: a grain class and the types around it must be public or internal.";
        foreach (var (parameter, state) in GrainClass.StateParameters(type))
        {
            if (!parameter.ParameterType.IsGenericType || parameter.ParameterType.GetGenericTypeDefinition() != typeof(IPersistentState<>))
                yield return $"{type.FullName}: [PersistentState(\"{state.StateName}\")] stands on {parameter.Name}, which is no IPersistentState<T>.";
        }
    }

    /// <summary>A row of a store is named by the state and the grain's key, not by the class: two classes must not share a name.</summary>
    internal static IEnumerable<string> FindStateClashes(IEnumerable<Type> types) => types
        .SelectMany(type => GrainClass.StateParameters(type), (type, found) => (Type: type, found.State))
        .GroupBy(found => (found.State.StateName, found.State.StorageName))
        .Where(group => group.Count() > 1)
        .Select(group =>
            $"The state \"{group.Key.StateName}\" of store \"{group.Key.StorageName ?? Storage.StorageServices.DefaultName}\" is used by "
            + $"{string.Join(" and ", group.Select(found => found.Type.FullName))}; its name must be unique.");
}

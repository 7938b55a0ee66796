using System.Reflection;

namespace Orleans.Serialization;

/// <summary>What a grain interface must look like.</summary>
internal static class GrainInterfaceRules
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    internal static IEnumerable<string> FindFaults(Type type)
    {
        if (!TypeValidator.IsAccessible(type))
            yield return $"{type.FullName} is not accessible: a grain interface and the types around it must be public or internal.";
        if (type.IsGenericTypeDefinition)
            yield return $"{type.FullName} is generic; the bundled runtime has no generic grain interfaces.";
        foreach (var property in type.GetProperties(Declared))
            yield return $"{type.FullName}.{property.Name} is a property; a grain interface has methods only.";
        foreach (var happening in type.GetEvents(Declared))
            yield return $"{type.FullName}.{happening.Name} is an event; a grain interface has methods only.";
        var methods = Array.FindAll(type.GetMethods(Declared), method => !method.IsSpecialName);
        foreach (var fault in methods.SelectMany(FindMethodFaults))
            yield return fault;
        foreach (var clash in methods
            .Where(method => method.IsDefined(typeof(AliasAttribute)))
            .GroupBy(method => method.GetCustomAttribute<AliasAttribute>()!.Alias, StringComparer.Ordinal)
            .Where(group => group.Count() > 1))
        {
            yield return $"The method alias \"{clash.Key}\" is used {clash.Count()} times in {type.FullName}; it must be unique there.";
        }
    }

    private static IEnumerable<string> FindMethodFaults(MethodInfo method)
    {
        var name = $"{method.DeclaringType!.FullName}.{method.Name}";
        if (method.IsGenericMethodDefinition)
            yield return $"{name} is generic; the bundled runtime has no generic grain methods.";
        if (FindReturnFault(method.ReturnType) is { } returns)
            yield return $"{name} {returns}.";
        var parameters = method.GetParameters();
        if (parameters.Count(parameter => parameter.ParameterType == typeof(CancellationToken)) > 1)
            yield return $"{name} takes more than one CancellationToken.";
        foreach (var parameter in parameters)
        {
            if (parameter.ParameterType.IsByRef)
                yield return $"{name} takes {parameter.Name} by reference; arguments of grain methods are values.";
            else if (WireTypeRules.FindTypeFault(parameter.ParameterType, isMember: false) is { } fault)
                yield return $"{name}: parameter {parameter.Name} {fault}.";
        }
    }

    private static string? FindReturnFault(Type type)
    {
        if (type == typeof(Task) || type == typeof(ValueTask))
            return null;
        if (!type.IsGenericType || (type.GetGenericTypeDefinition() != typeof(Task<>) && type.GetGenericTypeDefinition() != typeof(ValueTask<>)))
            return $"returns {type.Name}; a grain method returns Task, Task<T>, ValueTask or ValueTask<T>";
        return WireTypeRules.FindTypeFault(type.GetGenericArguments()[0], isMember: false) is { } fault ? $": its result {fault}" : null;
    }
}

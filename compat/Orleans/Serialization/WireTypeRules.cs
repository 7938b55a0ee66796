using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>What a wire type must look like.</summary>
internal static class WireTypeRules
{
    internal static IEnumerable<string> FindFaults(Type type)
    {
        if (!TypeValidator.IsAccessible(type))
            yield return $"{type.FullName} is not accessible: a wire type and the types around it must be public or internal.";
        if (type.IsEnum)
            yield break;
        foreach (var fault in FindPropertyFaults(type).Concat(FindFieldFaults(type)).Concat(FindIdFaults(type)))
            yield return fault;
        if (FindBaseFault(type) is { } baseFault)
            yield return baseFault;
    }

    /// <summary>Why a value of this declared type can't cross a call; null when it can.</summary>
    /// <param name="type">The declared type.</param>
    /// <param name="isMember">Members are held to their declared type; arguments and results that are typed as an interface
    /// or as object are looked at when they are sent.</param>
    internal static string? FindTypeFault(Type type, bool isMember)
    {
        if (type.IsGenericParameter || Shareable.IsScalar(type) || typeof(IAddressable).IsAssignableFrom(type))
            return null;
        if (type.IsInterface || type == typeof(object))
        {
            return isMember
                ? $"is typed as {NameOf(type)}, which has no codec; use the type that it holds, such as List<T> or ImmutableArray<T>"
                : null;
        }
        if (type.IsArray)
        {
            return type.IsSZArray
                ? FindTypeFault(type.GetElementType()!, isMember)
                : $"is an array of several dimensions, {NameOf(type)}; use an array of arrays";
        }
        if (WireTypeModel.IsMarked(type) || CopierFactory.IsKnown(type))
        {
            return type.IsGenericType
                ? type.GetGenericArguments().Select(argument => FindTypeFault(argument, isMember)).FirstOrDefault(fault => fault is not null)
                : null;
        }
        return $"has the type {NameOf(type)}, which has no codec; mark it with [GenerateSerializer]";
    }

    private static IEnumerable<string> FindPropertyFaults(Type type)
    {
        foreach (var property in WireTypeModel.DeclaredProperties(type))
        {
            var backing = WireTypeModel.BackingField(property);
            if (!property.IsDefined(typeof(IdAttribute)))
            {
                if (backing is not null && !backing.IsDefined(typeof(NonSerializedAttribute)))
                    yield return $"{type.FullName}.{property.Name} has no [Id]; number it, or mark it [field: NonSerialized].";
                continue;
            }
            if (backing is null && property.SetMethod is null)
                yield return $"{type.FullName}.{property.Name} has an [Id] and a body but no setter; remove the [Id] or add a setter.";
            if (FindTypeFault(property.PropertyType, isMember: true) is { } fault)
                yield return $"{type.FullName}.{property.Name} {fault}.";
        }
    }

    private static IEnumerable<string> FindFieldFaults(Type type)
    {
        foreach (var field in WireTypeModel.DeclaredFields(type))
        {
            if (!field.IsDefined(typeof(IdAttribute)))
            {
                if (!field.IsDefined(typeof(NonSerializedAttribute)))
                    yield return $"{type.FullName}.{field.Name} has no [Id]; number it, or mark it [NonSerialized].";
            }
            else if (FindTypeFault(field.FieldType, isMember: true) is { } fault)
            {
                yield return $"{type.FullName}.{field.Name} {fault}.";
            }
        }
    }

    private static IEnumerable<string> FindIdFaults(Type type) => WireTypeModel.For(type).Members
        .GroupBy(member => member.Id)
        .Where(group => group.Count() > 1)
        .Select(group => $"{type.FullName} has [Id({group.Key})] on {string.Join(" and ", group.Select(member => member.Name))}; each number may be used once.");

    private static string? FindBaseFault(Type type)
    {
        var parent = type.BaseType;
        if (type.IsValueType || parent is null || parent == typeof(object) || WireTypeModel.IsMarked(Definition(parent)))
            return null;
        return typeof(Exception).IsAssignableFrom(parent)
            ? null
            : $"{type.FullName} derives from {NameOf(parent)}, which has no codec; mark it with [GenerateSerializer].";
    }

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private static string NameOf(Type type) => type.IsGenericType
        ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
        : type.FullName ?? type.Name;
}

using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>One numbered member of a wire type: a field, or a property that has accessors of its own.</summary>
internal sealed record WireMember(uint Id, string Name, Type Type, FieldInfo? Field, PropertyInfo? Property);

/// <summary>
/// What the runtime knows of one level of a wire type: its alias and its members in the order of their numbers. Copying
/// is built from it, and so is anything that writes bytes. Each level of a class hierarchy numbers its own members.
/// </summary>
internal sealed class WireTypeModel
{
    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ConcurrentDictionary<Type, WireTypeModel> Models = new();

    private WireTypeModel(Type type)
    {
        Type = type;
        Alias = type.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias;
        IsImmutable = type.IsDefined(typeof(ImmutableAttribute), inherit: false);
        Members = FindMembers(type);
        var parent = type.BaseType;
        Base = !type.IsValueType && parent is not null && IsMarked(parent) ? For(parent) : null;
    }

    internal Type Type { get; }

    internal string? Alias { get; }

    internal bool IsImmutable { get; }

    internal IReadOnlyList<WireMember> Members { get; }

    /// <summary>The level above, where it is a wire type too.</summary>
    internal WireTypeModel? Base { get; }

    internal static bool IsMarked(Type type) => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false);

    internal static WireTypeModel For(Type type) => Models.GetOrAdd(type, static type => new WireTypeModel(type));

    /// <summary>The members of all levels, the base's first.</summary>
    internal IEnumerable<WireMember> AllMembers() => Base is null ? Members : Base.AllMembers().Concat(Members);

    /// <summary>The field that the compiler made for a property, or null when the property has a body.</summary>
    internal static FieldInfo? BackingField(PropertyInfo property)
    {
        var field = property.DeclaringType!.GetField($"<{property.Name}>k__BackingField", Declared);
        return field is not null && field.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) ? field : null;
    }

    internal static IEnumerable<PropertyInfo> DeclaredProperties(Type type) =>
        type.GetProperties(Declared).Where(property => property.GetIndexParameters().Length == 0);

    internal static IEnumerable<FieldInfo> DeclaredFields(Type type) =>
        type.GetFields(Declared).Where(field => !field.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false));

    private static List<WireMember> FindMembers(Type type)
    {
        var members = new List<WireMember>();
        foreach (var property in DeclaredProperties(type))
        {
            if (property.GetCustomAttribute<IdAttribute>() is { } id)
                members.Add(new WireMember(id.Id, property.Name, property.PropertyType, BackingField(property), property));
        }
        foreach (var field in DeclaredFields(type))
        {
            if (field.GetCustomAttribute<IdAttribute>() is { } id)
                members.Add(new WireMember(id.Id, field.Name, field.FieldType, field, null));
        }
        members.Sort(static (left, right) => left.Id.CompareTo(right.Id));
        return members;
    }
}

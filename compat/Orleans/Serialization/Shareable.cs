using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Numerics;
using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>Decides which values may be passed by reference: those that nobody can change.</summary>
internal static class Shareable
{
    private static readonly ConcurrentDictionary<Type, bool> Decisions = new();

    private static readonly HashSet<Type> Scalars =
    [
        typeof(string), typeof(decimal), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly),
        typeof(TimeSpan), typeof(Guid), typeof(Int128), typeof(UInt128), typeof(Half), typeof(BigInteger), typeof(Uri),
        typeof(Version), typeof(IPAddress), typeof(IPEndPoint), typeof(CancellationToken), typeof(GrainId), typeof(GrainType),
        typeof(IdSpan), typeof(Calls.Nothing),
    ];

    private static readonly HashSet<Type> Wrappers =
    [
        typeof(Nullable<>), typeof(KeyValuePair<,>), typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableHashSet<>),
        typeof(ImmutableDictionary<,>), typeof(ImmutableSortedSet<>), typeof(ImmutableSortedDictionary<,>),
        typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>), typeof(ValueTuple<,,,,>),
        typeof(ValueTuple<,,,,,>), typeof(ValueTuple<,,,,,,>), typeof(ValueTuple<,,,,,,,>),
        typeof(Tuple<>), typeof(Tuple<,>), typeof(Tuple<,,>), typeof(Tuple<,,,>), typeof(Tuple<,,,,>), typeof(Tuple<,,,,,>),
        typeof(Tuple<,,,,,,>), typeof(Tuple<,,,,,,,>),
    ];

    /// <summary>The types without parameters, and the definitions of those with some.</summary>
    internal static IEnumerable<Type> Definitions =>
        typeof(int).Assembly.GetTypes().Where(type => type.IsPrimitive).Concat(Scalars).Concat(Wrappers);

    internal static bool IsScalar(Type type) => type.IsPrimitive || type.IsEnum || Scalars.Contains(type);

    internal static bool IsWrapper(Type type) => type.IsGenericType && Wrappers.Contains(type.GetGenericTypeDefinition());

    /// <summary>Whether every value that a variable of this type can hold may be shared.</summary>
    internal static bool AlwaysIs(Type declared) => (declared.IsValueType || declared.IsSealed) && Is(declared);

    /// <summary>Whether a value of exactly this type may be shared.</summary>
    internal static bool Is(Type type) => Decisions.TryGetValue(type, out var known) ? known : Decide(type);

    private static bool Decide(Type type)
    {
        // A type that contains itself is shareable if everything else in it is; nothing is stored until the outermost question is answered.
        var answer = Walk(type, []);
        Decisions.TryAdd(type, answer);
        return answer;
    }

    private static bool Walk(Type type, HashSet<Type> asked)
    {
        if (Decisions.TryGetValue(type, out var known))
            return known;
        if (!asked.Add(type) || IsScalar(type) || typeof(GrainReference).IsAssignableFrom(type))
            return true;
        if (type.IsArray || type.IsInterface || type.IsAbstract || type.IsPointer || typeof(Delegate).IsAssignableFrom(type))
            return false;
        if (WireTypeModel.IsMarked(type) && type.IsDefined(typeof(ImmutableAttribute), inherit: false))
            return true;
        if (IsWrapper(type))
            return Array.TrueForAll(type.GetGenericArguments(), argument => WalkMember(argument, asked));
        return WireTypeModel.IsMarked(type) && Levels(type).All(level => LevelIsFrozen(level, asked));
    }

    private static bool WalkMember(Type type, HashSet<Type> asked) => (type.IsValueType || type.IsSealed) && Walk(type, asked);

    /// <summary>A level is frozen when all its fields are set by the constructor or by initialisers only.</summary>
    private static bool LevelIsFrozen(Type level, HashSet<Type> asked) => Array.TrueForAll(
        level.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly),
        field => (field.IsInitOnly || level.IsValueType) && WalkMember(field.FieldType, asked));

    private static IEnumerable<Type> Levels(Type type)
    {
        for (Type? level = type; level is not null && level != typeof(object) && level != typeof(ValueType); level = level.BaseType)
            yield return level;
    }
}

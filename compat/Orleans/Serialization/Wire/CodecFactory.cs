using System.Collections.Immutable;
using System.Reflection;

namespace Orleans.Serialization.Wire;

/// <summary>Builds the codec of one exact type. What <see cref="CopierFactory"/> copies, this writes and reads.</summary>
internal static class CodecFactory
{
    private static readonly Dictionary<Type, string> Containers = new()
    {
        [typeof(Nullable<>)] = nameof(ContainerCodecs.OfNullable),
        [typeof(List<>)] = nameof(ContainerCodecs.OfList),
        [typeof(HashSet<>)] = nameof(ContainerCodecs.OfSet),
        [typeof(Dictionary<,>)] = nameof(ContainerCodecs.OfDictionary),
        [typeof(ImmutableArray<>)] = nameof(ContainerCodecs.OfImmutableArray),
        [typeof(ImmutableList<>)] = nameof(ContainerCodecs.OfImmutableList),
        [typeof(ImmutableHashSet<>)] = nameof(ContainerCodecs.OfImmutableSet),
        [typeof(ImmutableDictionary<,>)] = nameof(ContainerCodecs.OfImmutableDictionary),
        [typeof(ImmutableSortedSet<>)] = nameof(ContainerCodecs.OfImmutableSortedSet),
        [typeof(ImmutableSortedDictionary<,>)] = nameof(ContainerCodecs.OfImmutableSortedDictionary),
        [typeof(ReadOnlyMemory<>)] = nameof(ContainerCodecs.OfReadOnlyMemory),
        [typeof(Memory<>)] = nameof(ContainerCodecs.OfMemory),
    };

    /// <summary>The types without parameters, and the definitions of those with some.</summary>
    internal static IEnumerable<Type> Definitions => ScalarCodecs.Types.Concat(Containers.Keys);

    internal static ExactCodec<T> Create<T>()
    {
        var type = typeof(T);
        if (ScalarCodecs.Find(type) is { } scalar)
            return (ExactCodec<T>)scalar;
        if (type.IsEnum)
            return Bind<T>(nameof(ContainerCodecs.OfEnum), type, type.GetEnumUnderlyingType());
        if (type.IsSZArray)
            return Bind<T>(nameof(ContainerCodecs.OfArray), type.GetElementType()!);
        if (type.IsGenericType && Containers.TryGetValue(type.GetGenericTypeDefinition(), out var container))
            return Bind<T>(container, type.GetGenericArguments());
        if (Shareable.IsWrapper(type))
            return ObjectCodecEmitter.Emit<T>([MemberEmitter.FieldsOf(type)]);
        if (WireTypeModel.IsMarked(type) && !type.IsAbstract)
            return ObjectCodecEmitter.Emit<T>([.. LevelsOf(WireTypeModel.For(type)).Select(level => level.Members)]);
        return new ExactCodec<T>(
            static (ref _, _, _) => throw NotFound(typeof(T)),
            static (ref _) => throw NotFound(typeof(T)));
    }

    internal static CodecNotFoundException NotFound(Type type) => new(
        $"Could not find a codec for type {type.FullName}: it needs [GenerateSerializer] and an [Id] on each member.");

    private static ExactCodec<T> Bind<T>(string method, params Type[] arguments) =>
        (ExactCodec<T>)typeof(ContainerCodecs).GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(arguments)
            .Invoke(null, null)!;

    private static IEnumerable<WireTypeModel> LevelsOf(WireTypeModel type) => type.Base is null ? [type] : LevelsOf(type.Base).Append(type);
}

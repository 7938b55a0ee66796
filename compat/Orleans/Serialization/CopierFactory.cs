using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>Builds the copier of one exact type.</summary>
internal static class CopierFactory
{
    private static readonly Dictionary<Type, string> Containers = new()
    {
        [typeof(List<>)] = nameof(ContainerCopiers.CopyList),
        [typeof(HashSet<>)] = nameof(ContainerCopiers.CopySet),
        [typeof(Dictionary<,>)] = nameof(ContainerCopiers.CopyDictionary),
        [typeof(ImmutableArray<>)] = nameof(ContainerCopiers.CopyImmutableArray),
        [typeof(ImmutableList<>)] = nameof(ContainerCopiers.CopyImmutableList),
        [typeof(ImmutableHashSet<>)] = nameof(ContainerCopiers.CopyImmutableSet),
        [typeof(ImmutableSortedSet<>)] = nameof(ContainerCopiers.CopyImmutableSortedSet),
        [typeof(ImmutableDictionary<,>)] = nameof(ContainerCopiers.CopyImmutableDictionary),
        [typeof(ImmutableSortedDictionary<,>)] = nameof(ContainerCopiers.CopyImmutableSortedDictionary),
        [typeof(ReadOnlyMemory<>)] = nameof(ContainerCopiers.CopyReadOnlyMemory),
        [typeof(Memory<>)] = nameof(ContainerCopiers.CopyMemory),
    };

    /// <summary>The definitions of the containers.</summary>
    internal static IEnumerable<Type> Definitions => Containers.Keys;

    /// <summary>Whether a value of this exact type may cross a call.</summary>
    internal static bool IsKnown(Type type) =>
        Shareable.Is(type)
        || type.IsSZArray
        || (type.IsGenericType && Containers.ContainsKey(type.GetGenericTypeDefinition()))
        || Shareable.IsWrapper(type)
        || (WireTypeModel.IsMarked(type) && !type.IsAbstract)
        || typeof(Exception).IsAssignableFrom(type);

    internal static Func<T, T> Create<T>()
    {
        var type = typeof(T);
        if (Shareable.Is(type))
            return static value => value;
        if (type.IsSZArray)
            return Bind<T>(nameof(ContainerCopiers.CopyArray), type.GetElementType()!);
        if (type.IsGenericType && Containers.TryGetValue(type.GetGenericTypeDefinition(), out var container))
            return Bind<T>(container, type.GetGenericArguments());
        if (Shareable.IsWrapper(type))
            return Emit<T>(MemberEmitter.FieldsOf(type));
        if (typeof(Exception).IsAssignableFrom(type))
            return static value => (T)(object)ExceptionCopier.Copy((Exception)(object)value!);
        if (WireTypeModel.IsMarked(type) && !type.IsAbstract)
            return Emit<T>(WireTypeModel.For(type).AllMembers());
        return static value => throw new CodecNotFoundException(
            $"Could not find a copier for type {typeof(T).FullName}: it needs [GenerateSerializer] and an [Id] on each member.");
    }

    private static Func<T, T> Bind<T>(string method, params Type[] arguments) =>
        typeof(ContainerCopiers).GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(arguments)
            .CreateDelegate<Func<T, T>>();

    /// <summary>Emits "make a new one, copy each member".</summary>
    private static Func<T, T> Emit<T>(IEnumerable<WireMember> members)
    {
        var type = typeof(T);
        var method = new DynamicMethod($"Copy {type.Name}", type, [type], type.Module, skipVisibility: true);
        var il = method.GetILGenerator();
        var copy = il.DeclareLocal(type);
        il.Emit(OpCodes.Call, typeof(RuntimeHelpers).GetMethod(nameof(RuntimeHelpers.EnsureSufficientExecutionStack))!);
        if (type.IsValueType)
            il.Emit(OpCodes.Ldarg_0);
        else
            MemberEmitter.EmitNew(il, type);
        il.Emit(OpCodes.Stloc, copy);
        foreach (var member in members)
        {
            // A struct starts as a copy of all its fields, so those that may be shared are there already.
            if (type.IsValueType && Shareable.AlwaysIs(member.Type))
                continue;
            il.Emit(type.IsValueType ? OpCodes.Ldloca : OpCodes.Ldloc, copy);
            MemberEmitter.EmitGet(il, type, 0, member);
            if (!Shareable.AlwaysIs(member.Type))
                il.Emit(OpCodes.Call, CopyMethod(member.Type));
            MemberEmitter.EmitSet(il, member);
        }
        il.Emit(OpCodes.Ldloc, copy);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<T, T>>();
    }

    internal static MethodInfo CopyMethod(Type declared) => typeof(Copier<>).MakeGenericType(declared)
        .GetMethod(nameof(Copier<>.Copy), BindingFlags.Static | BindingFlags.NonPublic)!;
}

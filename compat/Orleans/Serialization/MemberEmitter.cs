using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>Emits access to members. Emitted, since they may be private, read-only or init-only.</summary>
internal static class MemberEmitter
{
    /// <summary>The fields of a type of the framework that is no more than its fields, in the order of their names.</summary>
    internal static IEnumerable<WireMember> FieldsOf(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .OrderBy(field => field.Name, StringComparer.Ordinal)
            .Select((field, index) => new WireMember((uint)index, field.Name, field.FieldType, field, null));

    internal static ConstructorInfo? ConstructorOf(Type type) =>
        type.GetConstructor(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, []);

    /// <summary>Puts a new object of a class on the stack; its constructor runs only if it takes nothing.</summary>
    internal static void EmitNew(ILGenerator il, Type type)
    {
        if (ConstructorOf(type) is { } constructor)
        {
            il.Emit(OpCodes.Newobj, constructor);
            return;
        }
        il.Emit(OpCodes.Ldtoken, type);
        il.Emit(OpCodes.Call, typeof(Type).GetMethod(nameof(Type.GetTypeFromHandle))!);
        il.Emit(OpCodes.Call, typeof(RuntimeHelpers).GetMethod(nameof(RuntimeHelpers.GetUninitializedObject))!);
        il.Emit(OpCodes.Castclass, type);
    }

    /// <summary>Puts a member of an argument on the stack.</summary>
    internal static void EmitGet(ILGenerator il, Type type, short argument, WireMember member)
    {
        il.Emit(type.IsValueType ? OpCodes.Ldarga : OpCodes.Ldarg, argument);
        if (member.Field is not null)
            il.Emit(OpCodes.Ldfld, member.Field);
        else
            il.Emit(OpCodes.Call, Accessor(member.Property!.GetMethod, member));
    }

    /// <summary>Sets a member; on the stack are the object, or the address of the struct, and the value.</summary>
    internal static void EmitSet(ILGenerator il, WireMember member)
    {
        if (member.Field is not null)
            il.Emit(OpCodes.Stfld, member.Field);
        else
            il.Emit(OpCodes.Call, Accessor(member.Property!.SetMethod, member));
    }

    private static MethodInfo Accessor(MethodInfo? accessor, WireMember member) =>
        accessor ?? throw new CodecNotFoundException($"Member {member.Name} has a body but no getter and setter.");
}

using System.Reflection;
using System.Reflection.Emit;

namespace Orleans.Serialization.Wire;

/// <summary>Emits the codec of a type that consists of members: each level of its hierarchy in turn, the base's first.</summary>
internal static class ObjectCodecEmitter
{
    private const BindingFlags Members = BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic;

    internal static ExactCodec<T> Emit<T>(IReadOnlyList<IEnumerable<WireMember>> levels) => new(EmitWriter<T>(levels), EmitReader<T>(levels));

    /// <summary>Emits the writing of members. On a reader without their value they are null or zero, unless its constructor sets them.</summary>
    /// <param name="il">Where.</param>
    /// <param name="writer">The argument that is the writer.</param>
    /// <param name="owner">The type that has the members.</param>
    /// <param name="value">The argument that has the members.</param>
    /// <param name="members">The members.</param>
    /// <param name="omitsDefaults">Whether null and zero need not be written.</param>
    /// <param name="keepsBlocks">Whether memory never changes and need not be copied.</param>
    internal static void EmitWrites(
        ILGenerator il, short writer, Type owner, short value, IEnumerable<WireMember> members, bool omitsDefaults, bool keepsBlocks)
    {
        foreach (var member in members)
        {
            il.Emit(OpCodes.Ldarg, writer);
            il.Emit(OpCodes.Ldc_I4, (int)member.Id);
            MemberEmitter.EmitGet(il, owner, value, member);
            if (keepsBlocks && member.Type == typeof(ReadOnlyMemory<byte>))
                il.Emit(OpCodes.Call, typeof(WireWriter).GetMethod(nameof(WireWriter.Block), Members)!);
            else
                il.Emit(OpCodes.Call, CodecMethod(member.Type, omitsDefaults ? nameof(FieldCodec<>.WriteUnlessDefault) : nameof(FieldCodec<>.Write)));
        }
    }

    /// <summary>Emits a loop that reads the fields of one level into the members, and skips those that it does not know.</summary>
    /// <param name="il">Where.</param>
    /// <param name="reader">The argument that is the reader.</param>
    /// <param name="loadTarget">Emits what has the members.</param>
    /// <param name="members">The members.</param>
    internal static void EmitReads(ILGenerator il, short reader, Action loadTarget, IReadOnlyList<WireMember> members)
    {
        var (next, end, id) = (il.DefineLabel(), il.DefineLabel(), il.DeclareLocal(typeof(uint)));
        var labels = members.Select(_ => il.DefineLabel()).ToArray();
        il.MarkLabel(next);
        EmitCall(il, reader, nameof(WireReader.NextField));
        il.Emit(OpCodes.Brfalse, end);
        EmitCall(il, reader, $"get_{nameof(WireReader.Id)}");
        il.Emit(OpCodes.Stloc, id);
        for (var index = 0; index < labels.Length; index++)
        {
            il.Emit(OpCodes.Ldloc, id);
            il.Emit(OpCodes.Ldc_I4, (int)members[index].Id);
            il.Emit(OpCodes.Beq, labels[index]);
        }
        EmitCall(il, reader, nameof(WireReader.Skip));
        il.Emit(OpCodes.Br, next);
        for (var index = 0; index < labels.Length; index++)
        {
            il.MarkLabel(labels[index]);
            loadTarget();
            il.Emit(OpCodes.Ldarg, reader);
            il.Emit(OpCodes.Call, CodecMethod(members[index].Type, nameof(FieldCodec<>.Read)));
            MemberEmitter.EmitSet(il, members[index]);
            il.Emit(OpCodes.Br, next);
        }
        il.MarkLabel(end);
    }

    private static FieldWriter<T> EmitWriter<T>(IReadOnlyList<IEnumerable<WireMember>> levels)
    {
        var type = typeof(T);
        var method = new DynamicMethod(
            $"Write {type.Name}", typeof(void), [typeof(WireWriter).MakeByRefType(), typeof(uint), type], type.Module, skipVisibility: true);
        var il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Call, typeof(WireWriter).GetMethod(nameof(WireWriter.Begin), Members)!);
        var isImmutable = type.IsDefined(typeof(ImmutableAttribute), inherit: false);
        var omitsDefaults = type.IsValueType || MemberEmitter.ConstructorOf(type) is null;
        for (var level = 0; level < levels.Count; level++)
        {
            if (level > 0)
                EmitCall(il, typeof(WireWriter), nameof(WireWriter.EndLevel));
            EmitWrites(il, 0, type, 2, levels[level], omitsDefaults, isImmutable);
        }
        EmitCall(il, typeof(WireWriter), nameof(WireWriter.End));
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<FieldWriter<T>>();
    }

    private static FieldReader<T> EmitReader<T>(IReadOnlyList<IEnumerable<WireMember>> levels)
    {
        var type = typeof(T);
        var method = new DynamicMethod($"Read {type.Name}", type, [typeof(WireReader).MakeByRefType()], type.Module, skipVisibility: true);
        var il = method.GetILGenerator();
        var result = il.DeclareLocal(type);
        var done = il.DefineLabel();
        EmitCall(il, 0, nameof(WireReader.EnterObject));
        if (!type.IsValueType)
        {
            MemberEmitter.EmitNew(il, type);
            il.Emit(OpCodes.Stloc, result);
        }
        for (var level = 0; level < levels.Count; level++)
        {
            if (level > 0)
            {
                EmitCall(il, 0, $"get_{nameof(WireReader.IsAtEnd)}");
                il.Emit(OpCodes.Brtrue, done);
            }
            EmitReads(il, 0, () => il.Emit(type.IsValueType ? OpCodes.Ldloca : OpCodes.Ldloc, result), [.. levels[level]]);
        }
        il.MarkLabel(done);
        EmitCall(il, 0, nameof(WireReader.LeaveObject));
        il.Emit(OpCodes.Ldloc, result);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<FieldReader<T>>();
    }

    private static MethodInfo CodecMethod(Type declared, string name) => typeof(FieldCodec<>).MakeGenericType(declared).GetMethod(name, Members)!;

    private static void EmitCall(ILGenerator il, short reader, string name)
    {
        il.Emit(OpCodes.Ldarg, reader);
        il.Emit(OpCodes.Call, typeof(WireReader).GetMethod(name, Members)!);
    }

    private static void EmitCall(ILGenerator il, Type writer, string name)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, writer.GetMethod(name, Members)!);
    }
}

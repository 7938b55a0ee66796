using System.Reflection;
using System.Reflection.Emit;
using Orleans.Serialization;
using Orleans.Serialization.Wire;

namespace Orleans.Calls;

/// <summary>Emits the call class of one method: arguments as typed fields, so that nothing is boxed or looked up per call.</summary>
internal static class CallEmitter
{
    internal const string ModelField = "Model";
    private const BindingFlags Members = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    internal static Type Emit(ModuleBuilder module, string name, MethodModel model)
    {
        var result = ResultOf(model.Method.ReturnType);
        var parent = result == typeof(Nothing) ? typeof(VoidCall) : typeof(GrainCall<>).MakeGenericType(result);
        var type = module.DefineType(name, TypeAttributes.Class | TypeAttributes.Public | TypeAttributes.Sealed, parent);
        type.DefineDefaultConstructor(MethodAttributes.Public);
        var fields = model.Method.GetParameters()
            .Select((parameter, index) => type.DefineField(FieldOf(index), parameter.ParameterType, FieldAttributes.Public))
            .ToArray();

        EmitModel(type);
        EmitStart(type, parent, model.Method, fields);
        EmitCopyArguments(type, fields);
        EmitSetCancellation(type, fields);
        EmitFields(type, fields);

        var created = type.CreateType();
        created.GetField(ModelField)!.SetValue(null, model);
        return created;
    }

    /// <summary>The name of the field of an argument.</summary>
    internal static string FieldOf(int index) => $"Argument{index}";

    /// <summary>What a method's task carries; <see cref="Nothing"/> where it carries nothing.</summary>
    internal static Type ResultOf(Type returnType) => returnType.IsGenericType ? returnType.GetGenericArguments()[0] : typeof(Nothing);

    private static void EmitModel(TypeBuilder type)
    {
        var field = type.DefineField(ModelField, typeof(MethodModel), FieldAttributes.Public | FieldAttributes.Static);
        var il = Override(type, typeof(GrainCall).GetProperty(nameof(GrainCall.Method), Members)!.GetMethod!);
        il.Emit(OpCodes.Ldsfld, field);
        il.Emit(OpCodes.Ret);
    }

    private static void EmitStart(TypeBuilder type, Type parent, MethodInfo method, FieldBuilder[] fields)
    {
        var isVoid = parent == typeof(VoidCall);
        var il = Override(type, parent.GetMethod(isVoid ? "StartVoid" : "Start", Members)!);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Castclass, method.DeclaringType!);
        foreach (var field in fields)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, field);
        }
        il.Emit(OpCodes.Callvirt, method);
        if (typeof(Task).IsAssignableFrom(method.ReturnType))
        {
            var task = isVoid ? typeof(ValueTask) : typeof(ValueTask<>).MakeGenericType(ResultOf(method.ReturnType));
            il.Emit(OpCodes.Newobj, task.GetConstructor([method.ReturnType])!);
        }
        il.Emit(OpCodes.Ret);
    }

    private static void EmitCopyArguments(TypeBuilder type, FieldBuilder[] fields)
    {
        var copied = Array.FindAll(fields, field => !Shareable.AlwaysIs(field.FieldType));
        if (copied.Length == 0)
            return;
        var il = Override(type, typeof(GrainCall).GetMethod("CopyArguments", Members)!);
        foreach (var field in copied)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, field);
            il.Emit(OpCodes.Call, CopierFactory.CopyMethod(field.FieldType));
            il.Emit(OpCodes.Stfld, field);
        }
        il.Emit(OpCodes.Ret);
    }

    private static void EmitSetCancellation(TypeBuilder type, FieldBuilder[] fields)
    {
        var token = Array.Find(fields, field => field.FieldType == typeof(CancellationToken));
        if (token is null)
            return;
        var il = Override(type, typeof(GrainCall).GetMethod("SetCancellation", Members)!);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Stfld, token);
        il.Emit(OpCodes.Ret);
    }

    private static void EmitFields(TypeBuilder type, FieldBuilder[] fields)
    {
        WireMember[] members =
        [
            .. fields.Select((field, index) => new WireMember((uint)index, field.Name, field.FieldType, field, null))
                .Where(member => member.Type != typeof(CancellationToken)),
        ];
        var il = Override(type, typeof(GrainCall).GetMethod(nameof(GrainCall.WriteFields), Members)!);
        ObjectCodecEmitter.EmitWrites(il, writer: 1, type, value: 0, members, omitsDefaults: true, keepsBlocks: false);
        il.Emit(OpCodes.Ret);
        il = Override(type, typeof(GrainCall).GetMethod(nameof(GrainCall.ReadFields), Members)!);
        ObjectCodecEmitter.EmitReads(il, reader: 1, () => il.Emit(OpCodes.Ldarg_0), members);
        il.Emit(OpCodes.Ret);
    }

    private static ILGenerator Override(TypeBuilder type, MethodInfo method)
    {
        var access = method.Attributes & MethodAttributes.MemberAccessMask;
        var attributes = access | MethodAttributes.Virtual | MethodAttributes.HideBySig | (method.IsSpecialName ? MethodAttributes.SpecialName : 0);
        var builder = type.DefineMethod(
            method.Name, attributes, method.ReturnType, Array.ConvertAll(method.GetParameters(), parameter => parameter.ParameterType));
        type.DefineMethodOverride(builder, method);
        return builder.GetILGenerator();
    }
}

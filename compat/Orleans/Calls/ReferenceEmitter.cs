using System.Reflection;
using System.Reflection.Emit;
using Orleans.Runtime;

namespace Orleans.Calls;

/// <summary>Emits the reference class of one grain interface: each method fills a call and sends it.</summary>
internal static class ReferenceEmitter
{
    private const BindingFlags Members = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
    private static readonly Type[] ConstructorParameters = [typeof(ReferenceShared), typeof(GrainId)];

    internal static Func<ReferenceShared, GrainId, GrainReference> Emit(ModuleBuilder module, Type interfaceType, MethodInfo[] methods, Type[] calls)
    {
        var type = module.DefineType(
            $"{interfaceType.Name}_Reference", TypeAttributes.Class | TypeAttributes.Public | TypeAttributes.Sealed, typeof(GrainReference), [interfaceType]);
        EmitConstructor(type);
        for (var index = 0; index < methods.Length; index++)
            EmitMethod(type, methods[index], calls[index], index);
        return Activator(type.CreateType());
    }

    private static void EmitConstructor(TypeBuilder type)
    {
        var il = type.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, ConstructorParameters).GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Call, typeof(GrainReference).GetConstructor(Members, ConstructorParameters)!);
        il.Emit(OpCodes.Ret);
    }

    private static void EmitMethod(TypeBuilder type, MethodInfo method, Type call, int number)
    {
        var parameters = Array.ConvertAll(method.GetParameters(), parameter => parameter.ParameterType);
        var builder = type.DefineMethod(
            $"{method.DeclaringType!.Name}.{method.Name}.{number}",
            MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.HideBySig | MethodAttributes.NewSlot,
            method.ReturnType,
            parameters);
        var il = builder.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Newobj, call.GetConstructor([])!);
        for (var index = 0; index < parameters.Length; index++)
        {
            il.Emit(OpCodes.Dup);
            il.Emit(OpCodes.Ldarg, (short)(index + 1));
            il.Emit(OpCodes.Stfld, call.GetField(CallEmitter.FieldOf(index))!);
            if (parameters[index] != typeof(CancellationToken))
                continue;
            il.Emit(OpCodes.Dup);
            il.Emit(OpCodes.Ldarg, (short)(index + 1));
            il.Emit(OpCodes.Call, typeof(GrainCall).GetProperty(nameof(GrainCall.CallerToken), Members)!.SetMethod!);
        }
        var result = CallEmitter.ResultOf(method.ReturnType);
        il.Emit(OpCodes.Call, typeof(GrainReference).GetMethod(nameof(GrainReference.Send), Members)!.MakeGenericMethod(result));
        EmitReturn(il, method.ReturnType, result);
        type.DefineMethodOverride(builder, method);
    }

    /// <summary>The sender gives a <see cref="Task{TResult}"/>, which already is the <see cref="Task"/> of a method without a result.</summary>
    private static void EmitReturn(ILGenerator il, Type returnType, Type result)
    {
        if (!typeof(Task).IsAssignableFrom(returnType))
        {
            var task = result == typeof(Nothing) ? typeof(Task) : typeof(Task<>).MakeGenericType(result);
            il.Emit(OpCodes.Newobj, returnType.GetConstructor([task])!);
        }
        il.Emit(OpCodes.Ret);
    }

    private static Func<ReferenceShared, GrainId, GrainReference> Activator(Type type)
    {
        var method = new DynamicMethod($"New {type.Name}", typeof(GrainReference), ConstructorParameters, type.Module, skipVisibility: true);
        var il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Newobj, type.GetConstructor(ConstructorParameters)!);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<ReferenceShared, GrainId, GrainReference>>();
    }
}

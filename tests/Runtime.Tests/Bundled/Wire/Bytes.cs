using System.Buffers;
using Orleans.Calls;
using Orleans.Serialization.Wire;

namespace GrainVault.Runtime.Tests.Bundled.Wire;

/// <summary>Values to bytes and back.</summary>
internal static class Bytes
{
    public static byte[] Of<T>(T value)
    {
        var output = new ArrayBufferWriter<byte>();
        ResultCodec.Write(output, value);
        return output.WrittenSpan.ToArray();
    }

    public static byte[] OfArguments(GrainCall call)
    {
        var output = new ArrayBufferWriter<byte>();
        call.WriteArguments(output);
        return output.WrittenSpan.ToArray();
    }

    public static byte[] OfException(Exception failure)
    {
        var output = new ArrayBufferWriter<byte>();
        ExceptionCodec.Write(output, failure);
        return output.WrittenSpan.ToArray();
    }

    public static T RoundTrip<T>(T value) => ResultCodec.Read<T>(Of(value));

    public static Exception RoundTripException(Exception failure) => ExceptionCodec.Read(OfException(failure));

    public static GrainCall NewCall(string interfaceName, string methodName, params object?[] arguments)
    {
        var call = CallCatalog.Create(interfaceName, methodName);
        Assert.NotNull(call);
        for (var index = 0; index < arguments.Length; index++)
            call.GetType().GetField(CallEmitter.FieldOf(index))!.SetValue(call, arguments[index]);
        return call;
    }

    public static T Argument<T>(GrainCall call, int index) => (T)call.GetType().GetField(CallEmitter.FieldOf(index))!.GetValue(call)!;
}

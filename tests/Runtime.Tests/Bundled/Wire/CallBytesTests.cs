using System.Buffers;
using GrainVault.Runtime.Tests.Calls;
using Orleans.Calls;
using Orleans.Serialization.Wire;

namespace GrainVault.Runtime.Tests.Bundled.Wire;

/// <summary>Calls as bytes: arguments there, outcomes back.</summary>
public sealed class CallBytesTests
{
    [Fact]
    public void Arguments_arrive_in_a_call_made_from_its_name()
    {
        var sent = CallCatalog.Create("test.IIsolationGrain", "Keep")!;
        Set(sent, 0, new TallTree { HeightMetres = 3, Secret = 7, Leaves = [new Leaf { Name = "ä", Numbers = [1, -2] }] });
        var bytes = new ArrayBufferWriter<byte>();
        sent.WriteArguments(bytes);
        var received = CallCatalog.Create(sent.Method.InterfaceName, sent.Method.Name)!;
        received.ReadArguments(bytes.WrittenMemory);
        var tree = Assert.IsType<TallTree>(Get(received, 0));
        Assert.Equal((3, 7, "ä"), (tree.HeightMetres, tree.Secret, tree.Leaves[0].Name));
        Assert.Equal([1, -2], tree.Leaves[0].Numbers);
    }

    [Fact]
    public async Task Result_completes_the_callers_call()
    {
        var call = (GrainCall<Sized>)CallCatalog.Create("test.IIsolationGrain", "KeepSized")!;
        var bytes = new ArrayBufferWriter<byte>();
        ResultCodec.Write(bytes, new Sized(5, [1, 2]));
        Assert.True(call.TrySucceedFrom(bytes.WrittenMemory));
        var result = await call.Task;
        Assert.Equal([1, 2], result.Parts);
    }

    private static void Set(GrainCall call, int index, object? value) => call.GetType().GetField(CallEmitter.FieldOf(index))!.SetValue(call, value);

    private static object? Get(GrainCall call, int index) => call.GetType().GetField(CallEmitter.FieldOf(index))!.GetValue(call);
}

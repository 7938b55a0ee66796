using System.Buffers;
using System.Runtime.InteropServices;
using GrainVault.Runtime.Tests.Calls;
using Orleans.Calls;
using Orleans.Messaging;
using Orleans.Serialization.Wire;

namespace GrainVault.Runtime.Tests.Bundled.Wire;

/// <summary>What bytes cost; counted on this thread only.</summary>
public sealed class WireCostTests
{
    private const int CallCount = 1000;

    /// <summary>The call itself: the object, its completion, its arguments' strings.</summary>
    private const int BytesPerReadMax = 640;

    [Fact]
    public void Small_call_is_written_without_allocating_and_read_within_its_budget()
    {
        var call = Bytes.NewCall("test.wire.INew", "Put", "a name", CancellationToken.None, new Square("square", 3), 7);
        var output = new ArrayBufferWriter<byte>(4096);
        Write(call, output);
        Assert.Equal(0, AllocatedBy(() => Write(call, output)) / CallCount);
        var body = Bytes.OfArguments(call);
        Read(body);
        var perRead = AllocatedBy(() => Read(body)) / CallCount;
        Assert.True(perRead <= BytesPerReadMax, $"Reading a call allocates {perRead} bytes; at most {BytesPerReadMax} are allowed.");
    }

    [Fact]
    public void Small_call_is_small()
    {
        var call = Bytes.NewCall("test.wire.INew", "Put", "name", CancellationToken.None, null, 7);
        Assert.Equal(1 + 1 + 4 + 1 + 1 + 1, Bytes.OfArguments(call).Length);
    }

    [Fact]
    public void Buffer_of_8_MiB_is_read_as_a_slice_of_the_message()
    {
        var sent = new Content(new byte[8 << 20]);
        var message = Bytes.Of(sent);
        Assert.True(message.Length < (8 << 20) + 16);
        ResultCodec.Read<Content>(message);
        Content? received = null;
        var allocated = AllocatedBy(() => received = ResultCodec.Read<Content>(message));
        Assert.True(allocated < 1000, $"{allocated} bytes were allocated.");
        Assert.True(MemoryMarshal.TryGetArray(received!.Bytes, out var slice));
        Assert.Same(message, slice.Array);
        Assert.Equal(8 << 20, slice.Count);
    }

    [Fact]
    public void Immutable_buffer_is_handed_on_without_a_copy_and_any_other_is_copied()
    {
        var content = new Content(new byte[8 << 20]);
        var output = new BlockOutput();
        ResultCodec.Write(output, content);
        Assert.Equal(content.Bytes, Assert.Single(output.Blocks));
        Assert.True(output.WrittenCount < 16);
        ResultCodec.Write(output, new Tree { Memory = new byte[8 << 20] });
        ContextCodec.Write(output, new Dictionary<string, object> { ["content"] = content });
        Assert.Single(output.Blocks);
    }

    [Fact]
    public void Short_buffer_is_copied_so_that_it_does_not_keep_the_message()
    {
        var message = Bytes.Of(new Content(new byte[WireReader.SliceBytesMin - 1]));
        Assert.True(MemoryMarshal.TryGetArray(ResultCodec.Read<Content>(message).Bytes, out var copy));
        Assert.NotSame(message, copy.Array);
    }

    private sealed class BlockOutput : IBufferWriter<byte>, IBlockWriter
    {
        private readonly ArrayBufferWriter<byte> _rest = new();

        public List<ReadOnlyMemory<byte>> Blocks { get; } = [];

        public int WrittenCount => _rest.WrittenCount;

        public void WriteBlock(ReadOnlyMemory<byte> block) => Blocks.Add(block);

        public void Advance(int count) => _rest.Advance(count);

        public Memory<byte> GetMemory(int sizeHint = 0) => _rest.GetMemory(sizeHint);

        public Span<byte> GetSpan(int sizeHint = 0) => _rest.GetSpan(sizeHint);
    }

    private static void Write(GrainCall call, ArrayBufferWriter<byte> output)
    {
        for (var count = 0; count < CallCount; count++)
        {
            output.ResetWrittenCount();
            call.WriteArguments(output);
        }
    }

    private static void Read(byte[] body)
    {
        for (var count = 0; count < CallCount; count++)
            CallCatalog.Create("test.wire.INew", "Put")!.ReadArguments(body);
    }

    private static long AllocatedBy(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}

using GrainVault.Runtime.Tests.Calls;
using Orleans.Serialization;
using Orleans.Serialization.Wire;
using Xunit.Abstractions;

namespace GrainVault.Runtime.Tests.Bundled.Wire;

/// <summary>Bytes that nobody wrote like this make one kind of exception and nothing else.</summary>
public sealed class BrokenBytesTests(ITestOutputHelper output)
{
    private const int MutationCount = 20_000;

    [Fact]
    public void Mutated_bytes_are_read_or_refused()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var tree = new TallTree { Leaves = [new Leaf { Name = "a", Numbers = [1, 2, 300] }], ByName = { ["k"] = new Leaf() }, Bytes = [1], At = DateTimeOffset.UtcNow };
        (byte[] Bytes, Action<byte[]> Read)[] targets =
        [
            (Bytes.Of(tree), static bytes => ResultCodec.Read<Tree>(bytes)),
            (Bytes.Of<object>(new Drawing(new Ring("r", 1, 2), [new Square("s", 1)])), static bytes => ResultCodec.Read<object>(bytes)),
            (Bytes.Of(new Dictionary<string, object> { ["a"] = GrainId.Create("t", "k"), ["b"] = 1.5m, ["c"] = new Uri("urn:b"), ["e"] = new Choosy { Even = 2 }, ["d"] = (1, "x") }), static bytes => ContextCodec.Read(bytes)),
            (Bytes.OfException(new QuotaException("full", 5, new TimeoutException("late")) { Detail = new Ring("r", 1, 2), Data = { ["k"] = 1 } }), static bytes => ExceptionCodec.Read(bytes)),
            (Bytes.OfArguments(Bytes.NewCall("test.wire.INew", "Put", "n", CancellationToken.None, new Ring("r", 1, 2), 7)), static bytes => Bytes.NewCall("test.wire.INew", "Put").ReadArguments(bytes)),
        ];
        foreach (var (bytes, read) in targets)
        {
            for (var mutation = 0; mutation < MutationCount; mutation++)
                ReadOrRefuse(Mutate(bytes, random), read);
            for (var length = 0; length < bytes.Length; length++)
                Assert.ThrowsAny<SerializerException>(() => read(bytes[..length]));
            Assert.ThrowsAny<SerializerException>(() => read([.. bytes, 0]));
        }
    }

    [Fact]
    public void Length_is_compared_with_what_is_there_before_room_is_made()
    {
        byte[] text = [3, 0xff, 0xff, 0xff, 0xff, 0x07, 65];
        byte[] items = [4, 0, 0xff, 0xff, 0xff, 0xff, 0x07, 5];
        byte[] negative = [3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<SerializerException>(() => ResultCodec.Read<string>(text));
        Assert.Throws<SerializerException>(() => ResultCodec.Read<byte[]>(text));
        Assert.Throws<SerializerException>(() => ResultCodec.Read<List<Guid>>(items));
        Assert.Throws<SerializerException>(() => ResultCodec.Read<int[]>(items));
        Assert.Throws<SerializerException>(() => ResultCodec.Read<string>(negative));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    [Fact]
    public void Deep_nesting_is_refused_where_it_is_read_and_where_it_is_skipped()
    {
        byte[] deep = [.. Enumerable.Repeat((byte)WireKind.Object, 1_000_000)];
        Assert.Throws<SerializerException>(() => ResultCodec.Read<Node>(deep));
        byte[] skipped = [(byte)WireKind.Object, .. Enumerable.Repeat((byte)(9 << 3 | (int)WireKind.Object), 1_000_000)];
        Assert.Throws<SerializerException>(() => ResultCodec.Read<Node>(skipped));
        Assert.Throws<SerializerException>(() => Bytes.NewCall("test.wire.IOld", "Put").ReadArguments(skipped));
    }

    [Fact]
    public void Number_that_does_not_fit_is_refused()
    {
        Assert.Throws<SerializerException>(() => ResultCodec.Read<int>(Bytes.Of(long.MaxValue)));
        Assert.Throws<SerializerException>(() => ResultCodec.Read<Colour>(Bytes.Of(1000u)));
        Assert.Throws<SerializerException>(() => ResultCodec.Read<int>(Bytes.Of("text")));
        Assert.Equal(5L, ResultCodec.Read<long>(Bytes.Of(5)));
    }

    [Fact]
    public void Value_that_a_setter_or_a_constructor_refuses_is_refused()
    {
        var bytes = Bytes.Of(new Choosy { Even = 2 });
        bytes[Array.IndexOf(bytes, (byte)4, 1)] = 2;
        Assert.IsType<ArgumentOutOfRangeException>(Assert.Throws<SerializerException>(() => ResultCodec.Read<Choosy>(bytes)).InnerException);
        Assert.Throws<SerializerException>(() => ResultCodec.Read<Version>(Bytes.Of("x")));
        Assert.Throws<SerializerException>(() => ResultCodec.Read<DateTime>(Bytes.Of(double.MaxValue)));
        Assert.Throws<SerializerException>(() => ResultCodec.Read<Dictionary<int, int>>(Bytes.Of<KeyValuePair<int, int>[]>([new(1, 1), new(1, 2)])));
    }

    private static void ReadOrRefuse(byte[] bytes, Action<byte[]> read)
    {
        try
        {
            read(bytes);
        }
        catch (SerializerException)
        {
            return;
        }
    }

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        var mutated = bytes.ToList();
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            var at = random.Next(mutated.Count);
            switch (random.Next(4))
            {
                case 0:
                    mutated.Insert(at, (byte)random.Next(256));
                    break;
                case 1 when mutated.Count > 1:
                    mutated.RemoveAt(at);
                    break;
                case 2:
                    mutated[at] ^= (byte)(1 << random.Next(8));
                    break;
                default:
                    mutated[at] = (byte)random.Next(256);
                    break;
            }
        }
        return [.. mutated];
    }
}

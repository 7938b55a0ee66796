using System.Collections;
using System.Collections.Immutable;
using System.Net;
using System.Numerics;
using GrainVault.Runtime.Tests.Calls;
using Orleans.Calls;
using Orleans.Serialization;
using Orleans.Serialization.Wire;

namespace GrainVault.Runtime.Tests.Bundled.Wire;

/// <summary>What may cross a call inside one process crosses between two as well, and nothing else does.</summary>
public sealed class RoundTripTests
{
    private static readonly Leaf Leaf = new() { Name = "leaf", Numbers = [1, -1] };

    private static readonly object[] Samples =
    [
        true, 'ä', byte.MaxValue, ushort.MaxValue, uint.MaxValue, ulong.MaxValue, nuint.MaxValue, sbyte.MinValue, short.MinValue, int.MinValue,
        long.MinValue, nint.MinValue, Half.Epsilon, float.MinValue, double.NaN, Int128.MinValue, UInt128.MaxValue, decimal.MinValue / 7, 1.50m,
        -(BigInteger.One << 200), "Grüße, 世界 \U0001F600\0", "", DateTime.UnixEpoch, new DateTime(2026, 2, 3, 4, 5, 6, DateTimeKind.Unspecified),
        new DateTimeOffset(2026, 2, 3, 4, 5, 6, 7, TimeSpan.FromMinutes(-570)), DateOnly.MaxValue, TimeOnly.MaxValue, TimeSpan.MinValue,
        Guid.Parse("01020304-0506-0708-090a-0b0c0d0e0f10"), new Uri("https://example.org/a b?c=%20"), new Uri("../x", UriKind.Relative),
        new Version(1, 2, 3, 4), new Version(1, 0), IPAddress.Parse("fe80::1%3"), new IPEndPoint(IPAddress.IPv6Loopback, 80), new CancellationToken(true),
        GrainId.Create("type", "key/with/slashes"), GrainType.Create("type"), IdSpan.Create("span"), default(Nothing), Colour.Red, Unmarked.Low,
        new KeyValuePair<string, Leaf>("k", Leaf), ImmutableArray.Create(Leaf), ImmutableList.Create(Leaf), ImmutableHashSet.Create(1, 2),
        ImmutableHashSet.Create(StringComparer.OrdinalIgnoreCase, "a"), ImmutableDictionary<string, Leaf>.Empty.Add("k", Leaf),
        ImmutableSortedSet.Create("b", "a"), ImmutableSortedSet.Create(StringComparer.Ordinal, "b", "A"),
        ImmutableSortedDictionary<string, Leaf>.Empty.Add("k", Leaf), new List<Leaf> { Leaf, null! }, new List<int?> { 1, null },
        new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "a" }, new Dictionary<string, List<Leaf>> { ["k"] = [Leaf] },
        new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["A"] = 1 }, new ReadOnlyMemory<int>([1, 2]), new Memory<Leaf>([Leaf]),
        new byte[] { 1, 2, 3 }, new ReadOnlyMemory<byte>([4, 5]), new Memory<byte>([6]), ImmutableArray.Create<byte>(7), Array.Empty<byte>(),
        new[] { 1, 2 }, new[] { new[] { "a" }, [], null! }, new object[] { 1, "a", Leaf, null! }, new bool[3000],
        ValueTuple.Create(1), (1, "a"), (1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6), (1, 2, 3, 4, 5, 6, 7), (1, 2, 3, 4, 5, 6, 7, Leaf),
        Tuple.Create(1), Tuple.Create(1, Leaf), Tuple.Create(1, 2, 3), Tuple.Create(1, 2, 3, 4), Tuple.Create(1, 2, 3, 4, 5), Tuple.Create(1, 2, 3, 4, 5, 6),
        Tuple.Create(1, 2, 3, 4, 5, 6, 7), Tuple.Create(1, 2, 3, 4, 5, 6, 7, 8), Leaf, new Sized(5, [1]), new Ring("r", 1.5, null), new Ring("r", 1.5, 0.5),
        new Square("s", 3), new Drawing(new Ring("r", 1, 2), [new Square("s", 1), new Circle("c", 2)]), new Page<Leaf>([Leaf], "n"), new Page<Page<int>>([new([1], null)], null),
    ];

    public static TheoryData<int> SampleNumbers => [.. Enumerable.Range(0, Samples.Length)];

    [Theory]
    [MemberData(nameof(SampleNumbers))]
    public void Value_arrives_as_it_was(int number)
    {
        var sample = Samples[number];
        typeof(RoundTripTests).GetMethod(nameof(AssertArrives), System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!
            .MakeGenericMethod(sample.GetType())
            .Invoke(null, [sample]);
    }

    [Fact]
    public void Every_type_that_may_cross_inside_a_process_has_a_sample_here()
    {
        var sampled = Samples.Select(sample => Definition(sample.GetType())).Append(typeof(Nullable<>)).ToHashSet();
        Assert.DoesNotContain(Shareable.Definitions.Concat(CopierFactory.Definitions), type => !sampled.Contains(type));
    }

    [Fact]
    public void No_type_has_a_codec_that_may_not_cross_inside_a_process()
    {
        var accepted = Shareable.Definitions.Concat(CopierFactory.Definitions).ToHashSet();
        Assert.DoesNotContain(CodecFactory.Definitions, type => !accepted.Contains(Definition(type)) && !type.IsSZArray);
    }

    [Fact]
    public void Every_marked_type_and_every_method_of_this_program_has_a_codec()
    {
        foreach (var type in ApplicationTypes.OfProcess.WireTypes.Where(type => !type.IsAbstract && !type.ContainsGenericParameters))
            Assert.NotNull(typeof(FieldCodec<>).MakeGenericType(type).GetProperty("Exact", System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!.GetValue(null));
        foreach (var method in ApplicationTypes.OfProcess.Interfaces.SelectMany(type => InterfaceProxy.For(type).Methods))
        {
            var call = CallCatalog.Create(method.InterfaceName, method.Name);
            Assert.Same(method.Method, call!.Method.Method);
            Bytes.NewCall(method.InterfaceName, method.Name).ReadArguments(Bytes.OfArguments(call));
        }
    }

    [Fact]
    public void Missing_values_stay_missing()
    {
        Assert.Null(Bytes.RoundTrip<string?>(null));
        Assert.Null(Bytes.RoundTrip<int?>(null));
        Assert.Null(Bytes.RoundTrip<Shape?>(null));
        Assert.True(Bytes.RoundTrip(default(ImmutableArray<int>)).IsDefault);
        Assert.True(Bytes.RoundTrip(default(ImmutableArray<byte>)).IsDefault);
        Assert.True(Bytes.RoundTrip(default(GrainId)).IsDefault);
        Assert.Equal(5, Bytes.RoundTrip<int?>(5));
    }

    [Fact]
    public void Members_that_a_constructor_sets_arrive_empty_when_they_were()
    {
        var preset = Bytes.RoundTrip(new Preset { Name = null, Count = 0 });
        Assert.Equal((null, 0), (preset.Name, preset.Count));
    }

    [Fact]
    public void Private_and_unserialised_members_keep_to_their_rules()
    {
        var secretive = Bytes.RoundTrip(new Secretive(3, 4));
        Assert.Equal((3, 0), (secretive.First, secretive.Second));
    }

    [Fact]
    public void Local_time_arrives_as_the_same_moment()
    {
        var now = DateTime.Now;
        Assert.Equal(now.ToUniversalTime(), Bytes.RoundTrip(now).ToUniversalTime());
    }

    [Fact]
    public void Collection_by_a_comparer_of_ones_own_is_refused() => Assert.Throws<SerializerException>(
        () => Bytes.Of(new HashSet<string>(StringComparer.InvariantCultureIgnoreCase)));

    [Fact]
    public void Value_without_a_codec_is_refused()
    {
        Assert.Throws<CodecNotFoundException>(() => Bytes.Of(new Calls.Unmarked()));
        Assert.Throws<CodecNotFoundException>(() => Bytes.Of<object>(new Calls.Unmarked()));
        Assert.Throws<CodecNotFoundException>(() => Bytes.Of<object>(new int[1, 1]));
        Assert.Throws<CodecNotFoundException>(() => Bytes.Of<object>(() => 1));
    }

    [Fact]
    public void Cycle_is_refused()
    {
        var node = new Node();
        node.Next = node;
        Assert.Throws<SerializerException>(() => Bytes.Of(node));
    }

    private static void AssertArrives<T>(T sample)
    {
        AssertSame(sample, Bytes.RoundTrip(sample));
        AssertSame(sample, Bytes.RoundTrip<object?>(sample));
        AssertSame(sample, Bytes.RoundTrip<T[]>([sample])[0]);
        var box = Bytes.RoundTrip(new Page<T>([sample, sample], null));
        AssertSame(sample, box.Items[1]);
        if (typeof(T) != typeof(Nothing))
            AssertSame(sample, Copier<T>.Copy(sample));
    }

    private static void AssertSame(object? expected, object? actual)
    {
        if (expected is null or Nothing || actual is null)
        {
            Assert.Equal(expected is Nothing ? null : expected, actual is Nothing ? null : actual);
            return;
        }
        Assert.IsType(expected.GetType(), actual);
        switch (expected)
        {
            case string or Uri or Version or IPAddress or IPEndPoint or ValueType when expected is not IEnumerable || expected is string:
                if (!IsMemory(expected) && !(expected.GetType().IsGenericType || expected is Sized))
                    Assert.Equal(expected, actual);
                else
                    Assert.Equivalent(Open(expected), Open(actual), strict: true);
                break;
            default:
                Assert.Equivalent(expected, actual, strict: true);
                break;
        }
    }

    private static bool IsMemory(object value) => value is ReadOnlyMemory<byte> or ReadOnlyMemory<int> or Memory<byte> or Memory<Leaf>;

    private static object Open(object value) => value switch
    {
        ReadOnlyMemory<byte> memory => memory.ToArray(),
        ReadOnlyMemory<int> memory => memory.ToArray(),
        Memory<byte> memory => memory.ToArray(),
        Memory<Leaf> memory => memory.ToArray(),
        _ => value,
    };

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;
}

using System.Collections.Immutable;

namespace GrainVault.Runtime.Tests.Calls;

[GenerateSerializer, Alias("test.Leaf")]
public sealed class Leaf
{
    [Id(0)]
    public string Name { get; set; } = "";

    [Id(1)]
    public int[] Numbers { get; set; } = [];
}

[GenerateSerializer, Alias("test.Tree")]
public class Tree
{
    [Id(0)]
    private int _private;

    [Id(1)]
    public List<Leaf> Leaves { get; set; } = [];

    [Id(2)]
    public Dictionary<string, Leaf> ByName { get; set; } = [];

    [Id(3)]
    public ImmutableArray<Leaf> Frozen { get; set; } = [];

    [Id(4)]
    public byte[] Bytes { get; set; } = [];

    [Id(5)]
    public ReadOnlyMemory<byte> Memory { get; set; }

    [Id(6)]
    public Leaf? Nothing { get; set; }

    [Id(7)]
    public DateTimeOffset? At { get; set; }

    public int Secret
    {
        get => _private;
        set => _private = value;
    }
}

[GenerateSerializer, Alias("test.TallTree")]
public sealed class TallTree : Tree
{
    [Id(0)]
    public int HeightMetres { get; set; }
}

[GenerateSerializer, Alias("test.Sized")]
public readonly record struct Sized([property: Id(0)] long SizeBytes, [property: Id(1)] int[] Parts);

[GenerateSerializer, Immutable, Alias("test.Content")]
public sealed record Content([property: Id(0)] ReadOnlyMemory<byte> Bytes);

public sealed class Unmarked
{
    public string Text { get; set; } = "";
}

[Alias("test.IIsolationGrain")]
public interface IIsolationGrain : IGrainWithStringKey
{
    [Alias("Keep")]
    Task Keep(Tree tree);

    [Alias("Kept")]
    Task<Tree> Kept();

    [Alias("KeptName")]
    Task<string> KeptName();

    [Alias("KeepBytes")]
    Task KeepBytes(byte[] bytes);

    [Alias("KeepMemory")]
    Task KeepMemory(ReadOnlyMemory<byte> bytes);

    [Alias("KeptFirst")]
    Task<byte> KeptFirst();

    [Alias("KeptBytes")]
    Task<byte[]> KeptBytes();

    [Alias("KeepSized")]
    Task<Sized> KeepSized(Sized sized);

    [Alias("Turn")]
    Task<Content> Turn(Content content);

    [Alias("TakeAnything")]
    Task<string> TakeAnything(object value);

    [Alias("GiveUnknown")]
    Task<object> GiveUnknown();

    [Alias("GiveList")]
    Task<IReadOnlyList<Leaf>> GiveList();
}

[GrainType("isolation")]
public sealed class IsolationGrain : Grain, IIsolationGrain
{
    private Tree _tree = new();
    private ReadOnlyMemory<byte> _bytes;
    private Sized _sized;

    public Task Keep(Tree tree)
    {
        _tree = tree;
        return Task.CompletedTask;
    }

    public Task<Tree> Kept() => Task.FromResult(_tree);

    public Task<string> KeptName() => Task.FromResult(_tree.Leaves[0].Name + _tree.ByName["k"].Name + _tree.Frozen[0].Name + _tree.Leaves[0].Numbers[0]);

    public Task KeepBytes(byte[] bytes)
    {
        _bytes = bytes;
        return Task.CompletedTask;
    }

    public Task KeepMemory(ReadOnlyMemory<byte> bytes)
    {
        _bytes = bytes;
        return Task.CompletedTask;
    }

    public Task<byte> KeptFirst() => Task.FromResult(_bytes.Span[0]);

    public Task<byte[]> KeptBytes() => Task.FromResult(_bytes.ToArray());

    public Task<Sized> KeepSized(Sized sized)
    {
        _sized = sized;
        return Task.FromResult(_sized);
    }

    public Task<Content> Turn(Content content) => Task.FromResult(content);

    public Task<string> TakeAnything(object value) => Task.FromResult(value.GetType().Name);

    public Task<object> GiveUnknown() => Task.FromResult<object>(new Unmarked());

    public Task<IReadOnlyList<Leaf>> GiveList() => Task.FromResult<IReadOnlyList<Leaf>>(new List<Leaf> { new() { Name = "listed" } });
}

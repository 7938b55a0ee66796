namespace GrainVault.Runtime.Tests.Calls;

[GenerateSerializer, Alias("test.Shapes")]
public sealed class Shapes
{
    [Id(0)]
    public int[][] Jagged { get; set; } = [];

    [Id(1)]
    public List<Leaf?>? Gaps { get; set; }

    [Id(2)]
    public Dictionary<int, List<string>> Lists { get; set; } = [];

    [Id(3)]
    public HashSet<string> Names { get; set; } = [];

    [Id(4)]
    public KeyValuePair<string, byte[]> Pair { get; set; }

    [Id(5)]
    public (int Number, List<int> List) Tuple { get; set; }

    [Id(6)]
    public Sized? MaybeSized { get; set; }

    [Id(7)]
    public ReadOnlyMemory<byte>? MaybeMemory { get; set; }

    [Id(8)]
    public Shapes? Next { get; set; }

    [Id(9)]
    public int Stored
    {
        get => Backing * 2;
        set => Backing = value / 2;
    }

    [field: NonSerialized]
    public int Backing { get; private set; }

    [Id(10)]
    public Uri? Address { get; init; }

    [Id(11)]
    public Page<Leaf>? Page { get; set; }
}

[GenerateSerializer, Alias("test.Page`1")]
public sealed record Page<T>([property: Id(0)] T[] Items, [property: Id(1)] string? Next);

[Alias("test.IShapeGrain")]
public interface IShapeGrain : IGrainWithStringKey
{
    [Alias("Turn")]
    Task<Shapes> Turn(Shapes shapes);

    [Alias("TurnArray")]
    Task<Leaf[]> Turn(Leaf[] leaves);

    [Alias("TurnPage")]
    Task<Page<int>> Turn(Page<int> page);
}

[GrainType("shape")]
public sealed class ShapeGrain : Grain, IShapeGrain
{
    public Task<Shapes> Turn(Shapes shapes) => Task.FromResult(shapes);

    public Task<Leaf[]> Turn(Leaf[] leaves) => Task.FromResult(leaves);

    public Task<Page<int>> Turn(Page<int> page) => Task.FromResult(page);
}

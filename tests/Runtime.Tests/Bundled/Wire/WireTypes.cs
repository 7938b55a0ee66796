using System.Collections.Immutable;

namespace GrainVault.Runtime.Tests.Bundled.Wire;

[GenerateSerializer, Alias("test.wire.Shape")]
public abstract record Shape([property: Id(0)] string Name);

[GenerateSerializer, Alias("test.wire.Circle")]
public record Circle(string Name, [property: Id(0)] double Radius) : Shape(Name);

[GenerateSerializer, Alias("test.wire.Ring")]
public sealed record Ring(string Name, double Radius, [property: Id(0)] double? Hole) : Circle(Name, Radius);

[GenerateSerializer, Alias("test.wire.Square")]
public sealed record Square(string Name, [property: Id(0)] int Side) : Shape(Name);

public sealed record UnmarkedShape(string Name) : Shape(Name);

[GenerateSerializer, Alias("test.wire.Drawing")]
public sealed record Drawing([property: Id(0)] Shape Main, [property: Id(1)] List<Shape> Others);

[GenerateSerializer, Alias("test.wire.Page")]
public sealed record Page<T>([property: Id(0)] ImmutableArray<T> Items, [property: Id(1)] string? Next);

[GenerateSerializer, Alias("test.wire.Colour")]
public enum Colour : byte
{
    None,
    Red = 200,
}

public enum Unmarked
{
    Zero,
    Low = -5,
}

/// <summary>Its constructor sets what a field that is missing must not undo.</summary>
[GenerateSerializer, Alias("test.wire.Preset")]
public sealed class Preset
{
    [Id(0)]
    public string? Name { get; set; } = "preset";

    [Id(1)]
    public int Count { get; set; } = 5;

    [Id(7)]
    public int Doubled
    {
        get => Count * 2;
        set => Count = value / 2;
    }
}

[GenerateSerializer, Alias("test.wire.Node")]
public sealed class Node
{
    [Id(0)]
    public Node? Next { get; set; }
}

[GenerateSerializer, Alias("test.wire.Secretive")]
public sealed class Secretive(int first, int second)
{
    [Id(0)]
    private readonly int _first = first;

    [field: NonSerialized]
    public int Second { get; } = second;

    public int First => _first;
}

[GenerateSerializer, Alias("test.wire.Choosy")]
public sealed class Choosy
{
    [NonSerialized]
    private int _even;

    [Id(0)]
    public int Even
    {
        get => _even;
        set => _even = value % 2 == 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    }
}

[GenerateSerializer, Alias("test.wire.Old")]
public sealed record Old([property: Id(0)] string Name, [property: Id(2)] int Size);

[GenerateSerializer, Alias("test.wire.New")]
public sealed record New(
    [property: Id(0)] string Name,
    [property: Id(1)] List<Shape>? Added,
    [property: Id(2)] long Size,
    [property: Id(3)] Guid More,
    [property: Id(40)] double Last,
    [property: Id(41)] float Float);

[GenerateSerializer, Alias("test.wire.OldBase")]
public class OldBase
{
    [Id(0)]
    public int Number { get; set; }
}

[GenerateSerializer, Alias("test.wire.OldDerived")]
public sealed class OldDerived : OldBase
{
    [Id(0)]
    public string Text { get; set; } = "";
}

[GenerateSerializer, Alias("test.wire.NewBase")]
public class NewBase
{
    [Id(0)]
    public int Number { get; set; }

    [Id(1)]
    public Shape? Shape { get; set; }
}

[GenerateSerializer, Alias("test.wire.NewDerived")]
public class NewDerived : NewBase
{
    [Id(0)]
    public string Text { get; set; } = "";
}

[GenerateSerializer, Alias("test.wire.NewLeaf")]
public sealed class NewLeaf : NewDerived
{
    [Id(0)]
    public int Extra { get; set; }
}

[GenerateSerializer, Alias("test.wire.QuotaException")]
public sealed class QuotaException(string message, long limitBytes, Exception? cause = null) : Exception(message, cause)
{
    [Id(0)]
    public long LimitBytes { get; } = limitBytes;

    [Id(1)]
    public Shape? Detail { get; set; }
}

public sealed class PrivateException(string message) : Exception(message);

[Alias("test.wire.IOld")]
public interface IOldCalls : IGrainWithStringKey
{
    [Alias("Put")]
    Task Put(string name, CancellationToken cancellationToken);

    Task Both(int number);

    Task Both(string text);
}

[Alias("test.wire.INew")]
public interface INewCalls : IGrainWithStringKey
{
    [Alias("Put")]
    Task Put(string name, CancellationToken cancellationToken, Shape? shape = null, int count = 3);
}

[Alias("test.wire.IAnswer")]
public interface IAnswerGrain : IGrainWithStringKey
{
    [Alias("Double")]
    Task<int> Double(int number);

    [Alias("Refuse")]
    Task Refuse();

    [Alias("Unwritable")]
    Task<object> Unwritable();

    [Alias("Wait")]
    Task Wait(CancellationToken cancellationToken);

    [Alias("Introduce")]
    Task<IAnswerGrain> Introduce(IAnswerGrain other);

    [Alias("Keep")]
    Task<Preset> Keep(Preset preset);
}

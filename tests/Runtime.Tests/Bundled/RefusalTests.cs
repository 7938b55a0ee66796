using Orleans.Serialization;

namespace GrainVault.Runtime.Tests.Bundled;

/// <summary>What the official generator or serializer refuses, the bundled runtime refuses at start, with a message that names it.</summary>
public sealed class RefusalTests
{
    [Fact]
    public void Sound_declarations_are_accepted()
    {
        var faults = SnippetCompiler.FindFaults("""
            [GenerateSerializer, Immutable, Alias("s.Page")]
            public sealed record Page<T>([property: Id(0)] System.Collections.Immutable.ImmutableArray<T> Items, [property: Id(1)] string? Next);

            [GenerateSerializer, Alias("s.Kind")]
            internal enum Kind { [Id(0)] None, [Id(1)] Some }

            [GenerateSerializer, Alias("s.Base")]
            internal abstract class Base { [Id(0)] public int Number { get; set; } }

            [GenerateSerializer, Alias("s.Derived")]
            internal sealed class Derived : Base
            {
                [Id(0)] private readonly List<Dictionary<Guid, DateTimeOffset?>> _rows = new();
                [Id(1)] public Kind? Kind { get; init; }
                [Id(2)] public ReadOnlyMemory<byte>[] Parts { get; init; } = Array.Empty<ReadOnlyMemory<byte>>();
                [Id(3)] public int Doubled { get => _rows.Count * 2; set { } }
                [NonSerialized] private int _cache;
                public int Count => _rows.Count + _cache;
            }

            [Alias("s.ISound")]
            internal interface ISound : IGrainWithStringKey
            {
                [Alias("A")] Task<Page<Derived>> A(Base value, CancellationToken cancellationToken = default);
                [Alias("B")] ValueTask B(IReadOnlyList<int> values, object anything, ISound other);
                [Alias("C")] ValueTask<int?> C();
                [Alias("D")] Task D();
            }

            [GrainType("sound")]
            internal sealed class SoundGrain : Grain, ISound
            {
                public Task<Page<Derived>> A(Base value, CancellationToken cancellationToken = default) => throw new Exception();
                public ValueTask B(IReadOnlyList<int> values, object anything, ISound other) => default;
                public ValueTask<int?> C() => default;
                public Task D() => Task.CompletedTask;
            }
            """);
        Assert.Empty(faults);
    }

    [Fact]
    public void Types_of_this_program_are_accepted() => Assert.Empty(TypeValidator.FindFaults(ApplicationTypes.Find()));

    [Theory]
    [InlineData("public class Outer { [GenerateSerializer] private class Hidden { } }", "Outer+Hidden is not accessible")]
    [InlineData("public class Outer { protected interface IHidden : IGrainWithStringKey { } }", "Outer+IHidden is not accessible")]
    [InlineData("public class Outer { public interface IFace : IGrainWithStringKey { } private class HiddenGrain : Grain, IFace { } }", "Outer+HiddenGrain is not accessible")]
    public void Inaccessible_type_is_refused(string code, string expected) => AssertOneFault(code, expected);

    [Theory]
    [InlineData("[Id(0)] public IReadOnlyList<int> Items { get; set; } = new List<int>();", "R.Items is typed as System.Collections.Generic.IReadOnlyList")]
    [InlineData("[Id(0)] public List<IEnumerable<string>> Items { get; set; } = new();", "R.Items is typed as IEnumerable<System.String>")]
    [InlineData("[Id(0)] public IDisposable? Thing;", "R.Thing is typed as System.IDisposable")]
    [InlineData("[Id(0)] public object? Thing { get; set; }", "R.Thing is typed as System.Object")]
    [InlineData("[Id(0)] public System.IO.Stream? Body { get; set; }", "R.Body has the type System.IO.Stream, which has no codec")]
    [InlineData("[Id(0)] public Action? Then { get; set; }", "R.Then has the type System.Action, which has no codec")]
    [InlineData("[Id(0)] public int[,]? Grid { get; set; }", "R.Grid is an array of several dimensions")]
    [InlineData("[Id(0)] public int Half => 1;", "R.Half has an [Id] and a body but no setter")]
    [InlineData("public int Forgotten { get; set; }", "R.Forgotten has no [Id]")]
    [InlineData("private int _forgotten = 1; public int Get() => _forgotten;", "R._forgotten has no [Id]")]
    [InlineData("[Id(3)] public int A { get; set; } [Id(3)] public int B { get; set; }", "R has [Id(3)] on A and B")]
    public void Wrong_member_is_refused(string member, string expected) =>
        AssertOneFault($"[GenerateSerializer] public class R {{ {member} }}", expected.Replace("System.Collections.Generic.IReadOnlyList", "IReadOnlyList<System.Int32>", StringComparison.Ordinal));

    [Fact]
    public void Record_parameter_without_an_id_is_refused() =>
        AssertOneFault("[GenerateSerializer] public record R([property: Id(0)] int A, int B);", "R.B has no [Id]");

    [Fact]
    public void Member_of_a_type_without_a_serializer_is_refused() =>
        AssertOneFault("public class Plain { } [GenerateSerializer] public class R { [Id(0)] public Plain? P { get; set; } }", "R.P has the type Plain, which has no codec");

    [Fact]
    public void Base_class_without_a_serializer_is_refused() =>
        AssertOneFault("public class Plain { public int X { get; set; } } [GenerateSerializer] public class R : Plain { }", "R derives from Plain");

    [Theory]
    [InlineData("""[GenerateSerializer, Alias("same")] public class A { } [GenerateSerializer, Alias("same")] public class B { }""", "The type alias \"same\" is used by A and B")]
    [InlineData("""[Alias("same")] public interface IA : IGrainWithStringKey { } [Alias("same")] public interface IB : IGrainWithStringKey { }""", "The interface alias \"same\" is used by IA and IB")]
    [InlineData("""public interface IA : IGrainWithStringKey { [Alias("m")] Task X(); [Alias("m")] Task Y(); }""", "The method alias \"m\" is used 2 times in IA")]
    [InlineData("""[GrainType("same")] public class A : Grain { } [GrainType("same")] public class B : Grain { }""", "The grain type \"same\" is used by A and B")]
    public void Clash_of_names_is_refused(string code, string expected) => AssertOneFault(code, expected);

    [Theory]
    [InlineData("void M();", "I.M returns Void")]
    [InlineData("int M();", "I.M returns Int32")]
    [InlineData("IAsyncEnumerable<int> M();", "I.M returns IAsyncEnumerable`1")]
    [InlineData("Task<System.IO.Stream> M();", "its result has the type System.IO.Stream, which has no codec")]
    [InlineData("Task M(System.IO.Stream body);", "I.M: parameter body has the type System.IO.Stream")]
    [InlineData("Task M(ref int x);", "I.M takes x by reference")]
    [InlineData("Task M(CancellationToken a, CancellationToken b);", "I.M takes more than one CancellationToken")]
    [InlineData("Task M<T>();", "I.M is generic")]
    [InlineData("int P { get; }", "I.P is a property")]
    public void Wrong_grain_method_is_refused(string member, string expected) =>
        AssertOneFault($"public interface I : IGrainWithStringKey {{ {member} }}", expected);

    [Fact]
    public void State_name_of_two_classes_is_refused() => AssertOneFault(
        """
        [GenerateSerializer] public class S { }
        public class AGrain : Grain { public AGrain([PersistentState("s", "store")] IPersistentState<S> s) { } }
        public class BGrain : Grain { public BGrain([PersistentState("s", "store")] IPersistentState<S> s) { } }
        """,
        "The state \"s\" of store \"store\" is used by AGrain and BGrain");

    [Fact]
    public void State_of_another_type_is_refused() => AssertOneFault(
        """public class AGrain : Grain { public AGrain([PersistentState("s")] string s) { } }""",
        "AGrain: [PersistentState(\"s\")] stands on s");

    [Fact]
    public void Each_fault_has_a_line_of_its_own()
    {
        var types = SnippetCompiler.TypesOf(
            "[GenerateSerializer] public class R { public int A { get; set; } public int B { get; set; } [Id(0)] public object? C { get; set; } }");
        var refusal = Assert.Throws<OrleansConfigurationException>(() => TypeValidator.ThrowIfFaulty(types));
        var lines = refusal.Message.Split(Environment.NewLine);
        Assert.Equal(4, lines.Length);
        Assert.Contains("refuses 3", lines[0], StringComparison.Ordinal);
        Assert.Equal(["R.A", "R.B", "R.C"], lines.Skip(1).Select(line => line.Split(' ')[1]));
    }

    private static void AssertOneFault(string code, string expected) =>
        Assert.Contains(expected, Assert.Single(SnippetCompiler.FindFaults(code)), StringComparison.Ordinal);
}

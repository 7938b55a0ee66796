using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Calls;

public sealed class ShapeTests(TestSilo silo) : IClassFixture<TestSilo>
{
    [Fact]
    public async Task Every_shape_of_member_arrives_as_a_copy()
    {
        var sent = new Shapes
        {
            Jagged = [[1], [2, 3]],
            Gaps = [null, new Leaf { Name = "leaf" }],
            Lists = { [1] = ["one"] },
            Names = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "Name" },
            Pair = new KeyValuePair<string, byte[]>("k", [1]),
            Tuple = (1, [2]),
            MaybeSized = new Sized(3, [4]),
            MaybeMemory = new byte[] { 5 },
            Next = new Shapes { Stored = 8 },
            Stored = 6,
            Address = new Uri("https://example.com/"),
            Page = new Page<Leaf>([new Leaf { Name = "paged" }], "next"),
        };
        var back = await silo.Grain<IShapeGrain>().Turn(sent);
        sent.Jagged[1][0] = 9;
        sent.Gaps[1]!.Name = "changed";
        sent.Lists[1].Add("changed");
        sent.Names.Clear();
        sent.Pair.Value[0] = 9;
        sent.Tuple.List.Clear();
        sent.MaybeSized.Value.Parts[0] = 9;
        sent.Next.Stored = 0;
        sent.Page.Items[0].Name = "changed";

        Assert.Equal([2, 3], back.Jagged[1]);
        Assert.Null(back.Gaps![0]);
        Assert.Equal("leaf", back.Gaps[1]!.Name);
        Assert.Equal(["one"], back.Lists[1]);
        Assert.Contains("NAME", back.Names);
        Assert.Equal([1], back.Pair.Value);
        Assert.Equal([2], back.Tuple.List);
        Assert.Equal([4], back.MaybeSized!.Value.Parts);
        Assert.Equal([5], back.MaybeMemory!.Value.ToArray());
        Assert.Equal(8, back.Next!.Stored);
        Assert.Equal(6, back.Stored);
        Assert.Equal("https://example.com/", back.Address!.ToString());
        Assert.Equal("paged", back.Page!.Items[0].Name);
        Assert.Equal("next", back.Page.Next);
    }

    [Fact]
    public async Task Arrays_and_generic_records_pass_as_arguments_and_results()
    {
        var grain = silo.Grain<IShapeGrain>();
        Leaf[] leaves = [new Leaf { Name = "a" }, new Leaf { Name = "b" }];
        var back = await grain.Turn(leaves);
        Assert.NotSame(leaves[0], back[0]);
        Assert.Equal(["a", "b"], back.Select(leaf => leaf.Name));
        var page = await grain.Turn(new Page<int>([1, 2], null));
        Assert.Equal([1, 2], page.Items);
    }

    [Fact]
    public async Task Empty_values_stay_empty()
    {
        var back = await silo.Grain<IShapeGrain>().Turn(new Shapes());
        Assert.Empty(back.Jagged);
        Assert.Null(back.Gaps);
        Assert.Null(back.MaybeSized);
        Assert.Null(back.MaybeMemory);
        Assert.Null(back.Next);
        Assert.Null(back.Pair.Value);
    }
}

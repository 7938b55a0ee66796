using System.Runtime.InteropServices;
using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Calls;

public sealed class IsolationTests(TestSilo silo) : IClassFixture<TestSilo>
{
    [Fact]
    public async Task Argument_changed_after_the_call_is_unchanged_in_the_grain()
    {
        var grain = silo.Grain<IIsolationGrain>();
        var tree = NewTree();
        await grain.Keep(tree);
        tree.Leaves[0].Name = "changed";
        tree.Leaves[0].Numbers[0] = 99;
        tree.ByName["k"].Name = "changed";
        tree.Frozen[0].Name = "changed";
        tree.Leaves.Clear();
        Assert.Equal("abc1", await grain.KeptName());
    }

    [Fact]
    public async Task Argument_is_taken_at_the_call_not_when_it_runs()
    {
        var grain = silo.Grain<IIsolationGrain>();
        var tree = NewTree();
        var call = grain.Keep(tree);
        tree.Leaves[0].Name = "changed";
        await call;
        Assert.Equal("abc1", await grain.KeptName());
    }

    [Fact]
    public async Task Result_changed_by_the_caller_is_unchanged_in_the_grain()
    {
        var grain = silo.Grain<IIsolationGrain>();
        await grain.Keep(NewTree());
        var kept = await grain.Kept();
        kept.Leaves[0].Name = "changed";
        kept.ByName.Clear();
        Assert.Equal("abc1", await grain.KeptName());
    }

    [Fact]
    public async Task Every_member_of_a_copy_is_there()
    {
        var grain = silo.Grain<IIsolationGrain>();
        var sent = NewTree();
        await grain.Keep(sent);
        var kept = await grain.Kept();
        Assert.Equal(7, kept.Secret);
        Assert.Equal(sent.At, kept.At);
        Assert.Null(kept.Nothing);
        Assert.Equal(sent.Bytes, kept.Bytes);
        Assert.Equal(sent.Memory.ToArray(), kept.Memory.ToArray());
        Assert.Equal("c", Assert.Single(kept.Frozen).Name);
    }

    [Fact]
    public async Task Derived_type_stays_what_it_is()
    {
        var grain = silo.Grain<IIsolationGrain>();
        await grain.Keep(new TallTree { HeightMetres = 30, Secret = 5, Leaves = [new Leaf { Name = "top" }] });
        var kept = Assert.IsType<TallTree>(await grain.Kept());
        Assert.Equal((30, 5, "top"), (kept.HeightMetres, kept.Secret, kept.Leaves[0].Name));
    }

    [Fact]
    public async Task Arrays_and_memory_are_copied()
    {
        var grain = silo.Grain<IIsolationGrain>();
        byte[] bytes = [1, 2, 3];
        await grain.KeepBytes(bytes);
        bytes[0] = 9;
        Assert.Equal(1, await grain.KeptFirst());
        byte[] more = [4, 5];
        await grain.KeepMemory(more);
        more[0] = 9;
        Assert.Equal(4, await grain.KeptFirst());
    }

    [Fact]
    public async Task Arrays_in_a_struct_are_copied()
    {
        int[] parts = [1, 2];
        var kept = await silo.Grain<IIsolationGrain>().KeepSized(new Sized(5, parts));
        parts[0] = 9;
        Assert.Equal(5, kept.SizeBytes);
        Assert.Equal([1, 2], kept.Parts);
    }

    [Fact]
    public async Task Immutable_record_around_8_MiB_passes_without_a_copy()
    {
        var grain = silo.Grain<IIsolationGrain>();
        var content = new Content(new byte[8 << 20]);
        await grain.Turn(content);
        var back = await grain.Turn(content);
        Assert.Same(content, back);
        Assert.True(MemoryMarshal.TryGetArray(back.Bytes, out var received));
        Assert.True(MemoryMarshal.TryGetArray(content.Bytes, out var sent));
        Assert.Same(sent.Array, received.Array);
    }

    [Fact]
    public async Task Result_typed_as_an_interface_passes_by_its_own_type() =>
        Assert.Equal("listed", Assert.Single(await silo.Grain<IIsolationGrain>().GiveList()).Name);

    [Fact]
    public async Task Argument_whose_type_has_no_codec_fails_the_call() =>
        await Assert.ThrowsAnyAsync<Exception>(() => silo.Grain<IIsolationGrain>().TakeAnything(new Unmarked()));

    [Fact]
    public async Task Result_whose_type_has_no_codec_fails_the_call() =>
        await Assert.ThrowsAnyAsync<Exception>(() => silo.Grain<IIsolationGrain>().GiveUnknown());

    private static Tree NewTree() => new()
    {
        Secret = 7,
        Leaves = [new Leaf { Name = "a", Numbers = [1, 2] }],
        ByName = { ["k"] = new Leaf { Name = "b" } },
        Frozen = [new Leaf { Name = "c" }],
        Bytes = [1, 2, 3],
        Memory = new byte[] { 4, 5 },
        At = DateTimeOffset.UnixEpoch,
    };
}

using GrainVault.Runtime.Tests.Support;
using Orleans.Storage;

namespace GrainVault.Runtime.Tests.State;

/// <summary>What every store must do, seen through grains.</summary>
public abstract class StateTests(TestSilo silo)
{
    [Fact]
    public async Task State_without_a_record_starts_as_its_type_does()
    {
        var grain = silo.Grain<INoteGrain>();
        Assert.Equal("none", (await grain.Read()).Text);
        Assert.False(await grain.Exists());
        Assert.Null(await grain.ETag());
    }

    [Fact]
    public async Task Written_state_is_read_before_the_next_activation_is_ready()
    {
        var grain = silo.Grain<INoteGrain>();
        await grain.Write("hello", 1, 2, 3);
        await EndAsync(grain);
        Assert.Equal("hello", await grain.ReadAtActivation());
        var note = await grain.Read();
        Assert.Equal([1, 2, 3], note.Numbers);
        Assert.Equal(DateTimeOffset.UnixEpoch, note.Times["written"]);
        Assert.True(await grain.Exists());
    }

    [Fact]
    public async Task Two_states_of_one_grain_do_not_mix()
    {
        var grain = silo.Grain<INoteGrain>();
        await grain.Write("a");
        await grain.Write("b");
        await EndAsync(grain);
        Assert.Equal(2, await grain.Count());
        Assert.Equal("b", (await grain.Read()).Text);
    }

    [Fact]
    public async Task Two_grains_do_not_share_a_state()
    {
        var first = silo.Grain<INoteGrain>("n-1");
        var second = silo.Grain<INoteGrain>("n-01");
        await first.Write("first");
        await second.Write("second");
        await EndAsync(first);
        Assert.Equal("first", (await first.Read()).Text);
    }

    [Fact]
    public async Task Each_write_makes_a_new_etag()
    {
        var grain = silo.Grain<INoteGrain>();
        await grain.Write("a");
        var first = await grain.ETag();
        await grain.Write("b");
        Assert.NotNull(first);
        Assert.NotEqual(first, await grain.ETag());
    }

    [Fact]
    public async Task Cleared_state_is_gone_and_can_be_written_again()
    {
        var grain = silo.Grain<INoteGrain>();
        await grain.Write("a");
        await grain.Clear();
        Assert.False(await grain.Exists());
        await EndAsync(grain);
        Assert.Equal("none", await grain.ReadAtActivation());
        Assert.False(await grain.Exists());
        await grain.Write("again");
        await EndAsync(grain);
        Assert.Equal("again", await grain.ReadAtActivation());
    }

    [Fact]
    public async Task Reading_again_drops_what_was_not_stored()
    {
        var grain = silo.Grain<INoteGrain>();
        await grain.Write("stored");
        Assert.Equal("stored", await grain.ReadAgain());
    }

    [Fact]
    public async Task Conflict_throws_and_ends_the_activation()
    {
        var grain = silo.Grain<INoteGrain>();
        await grain.Write("mine");
        await grain.ChangeBehind();
        await Assert.ThrowsAsync<InconsistentStateException>(() => grain.Write("too late"));
        await silo.Phases.WaitFor($"ended {grain.GetPrimaryKeyString()}");
        Assert.Equal("changed behind", await grain.ReadAtActivation());
        await grain.Write("in time");
        Assert.Equal("in time", (await grain.Read()).Text);
    }

    [Fact]
    public async Task Two_first_writes_of_one_state_give_one_conflict()
    {
        var grain = silo.Grain<INoteGrain>();
        await grain.ChangeBehind();
        await Assert.ThrowsAsync<InconsistentStateException>(() => grain.Write("too late"));
    }

    private async Task EndAsync(INoteGrain grain)
    {
        await grain.End();
        await silo.Phases.WaitFor($"ended {grain.GetPrimaryKeyString()}");
    }
}

public sealed class MemoryStateTests(TestSilo silo) : StateTests(silo), IClassFixture<TestSilo>;

public sealed class PostgresStateTests(PostgresSilo silo) : StateTests(silo), IClassFixture<PostgresSilo>;

using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Turns;

public sealed class TurnTests(TestSilo silo) : IClassFixture<TestSilo>
{
    private static string NewName() => Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Calls_of_one_grain_never_overlap()
    {
        var grain = silo.Grain<ITurnGrain>();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => grain.CountSlowly()));
        Assert.Equal(50, await grain.Count());
    }

    [Fact]
    public async Task Await_returns_to_the_grain()
    {
        Assert.True(await silo.Grain<ITurnGrain>().StaysOnScheduler());
        Assert.Equal(1000, await silo.Grain<ITurnGrain>().FanOut(1000));
    }

    [Fact]
    public async Task Call_waits_until_the_one_before_has_ended()
    {
        var grain = silo.Grain<ITurnGrain>();
        var (first, second) = (NewName(), NewName());
        var waiting = grain.Wait(first);
        await silo.Phases.WaitFor($"entered {first}");
        var next = grain.Note(second);
        Assert.False(silo.Phases.IsReached($"entered {second}"));
        silo.Phases.Reach($"go {first}");
        await Task.WhenAll(waiting, next);
        Assert.Equal([first, second], await grain.Notes());
    }

    [Fact]
    public async Task Calls_of_one_caller_run_in_their_order()
    {
        var grain = silo.Grain<ITurnGrain>();
        var names = Enumerable.Range(0, 200).Select(index => $"{index}").ToArray();
        await Task.WhenAll(names.Select(grain.Note));
        Assert.Equal(names, await grain.Notes());
    }

    [Fact]
    public async Task Read_only_calls_interleave_with_each_other()
    {
        var grain = silo.Grain<ITurnGrain>();
        var name = NewName();
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => grain.ReadMeet(name, 5)));
    }

    [Fact]
    public async Task Read_only_call_waits_for_a_writing_one()
    {
        var grain = silo.Grain<ITurnGrain>();
        var (write, read) = (NewName(), NewName());
        var writing = grain.Wait(write);
        await silo.Phases.WaitFor($"entered {write}");
        var reading = grain.ReadWait(read);
        Assert.False(silo.Phases.IsReached($"entered {read}"));
        silo.Phases.Reach($"go {write}");
        silo.Phases.Reach($"go {read}");
        await Task.WhenAll(writing, reading);
        Assert.Equal([write, read], await grain.Notes());
    }

    [Fact]
    public async Task Writing_call_waits_for_a_read_only_one()
    {
        var grain = silo.Grain<ITurnGrain>();
        var (read, write) = (NewName(), NewName());
        var reading = grain.ReadWait(read);
        await silo.Phases.WaitFor($"entered {read}");
        var writing = grain.Note(write);
        Assert.False(silo.Phases.IsReached($"entered {write}"));
        silo.Phases.Reach($"go {read}");
        await Task.WhenAll(reading, writing);
        Assert.Equal([read, write], await grain.Notes());
    }

    [Fact]
    public async Task Reading_grain_can_be_read_again_by_the_grain_that_it_asks() =>
        Assert.Equal(42, await CallBackAsync(silo.Grain<ITurnGrain>()));

    [Fact]
    public async Task Always_interleaving_call_runs_beside_any_other()
    {
        var grain = silo.Grain<ITurnGrain>();
        var (write, beside) = (NewName(), NewName());
        var writing = grain.Wait(write);
        await silo.Phases.WaitFor($"entered {write}");
        silo.Phases.Reach($"go {beside}");
        await grain.InterleaveWait(beside);
        Assert.False(writing.IsCompleted);
        silo.Phases.Reach($"go {write}");
        await writing;
    }

    [Fact]
    public async Task Call_runs_beside_an_always_interleaving_one()
    {
        var grain = silo.Grain<ITurnGrain>();
        var (beside, name) = (NewName(), NewName());
        var interleaving = grain.InterleaveWait(beside);
        await silo.Phases.WaitFor($"entered {beside}");
        await grain.Note(name);
        silo.Phases.Reach($"go {beside}");
        await interleaving;
    }

    [Fact]
    public async Task Cycle_of_calls_ends_in_a_timeout()
    {
        var (a, b) = (silo.Grain<ITurnGrain>(), silo.Grain<ITurnGrain>());
        await Assert.ThrowsAsync<TimeoutException>(() => a.CallOn(b, a));
        await Assert.ThrowsAsync<TimeoutException>(() => a.CallOn(a, null));
    }

    [Fact]
    public async Task Grains_do_not_wait_for_each_other()
    {
        var name = NewName();
        var waiting = silo.Grain<ITurnGrain>().Wait(name);
        await silo.Phases.WaitFor($"entered {name}");
        await silo.Grain<ITurnGrain>().Note("free");
        silo.Phases.Reach($"go {name}");
        await waiting;
    }

    [Fact]
    public async Task Caller_goes_on_outside_of_the_grain()
    {
        await silo.Grain<ITurnGrain>().Note("x");
        Assert.Equal(TaskScheduler.Default, await Task.Run(async () =>
        {
            await silo.Grain<ITurnGrain>().Note("x");
            return TaskScheduler.Current;
        }));
    }

    private Task<int> CallBackAsync(ITurnGrain grain) => grain.ReadCallBack(silo.Grain<ITurnGrain>(), grain);
}

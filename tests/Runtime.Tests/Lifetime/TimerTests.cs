using GrainVault.Runtime.Tests.Support;
using Orleans.Configuration;

namespace GrainVault.Runtime.Tests.Lifetime;

[Alias("test.ITimerGrain")]
public interface ITimerGrain : IGrainWithStringKey
{
    [Alias("Start")]
    Task Start(string name, TimeSpan dueTime, TimeSpan period, bool keepAlive = false);

    [Alias("StartSlow")]
    Task StartSlow(string name);

    [Alias("StartFailing")]
    Task StartFailing(string name);

    [Alias("StartInterleaving")]
    Task StartInterleaving(string name);

    [Alias("Change")]
    Task Change(TimeSpan dueTime, TimeSpan period);

    [Alias("Stop")]
    Task Stop();

    [Alias("Wait")]
    Task Wait(string name);

    [Alias("End")]
    Task End();

    [Alias("Overlaps")]
    Task<int> Overlaps();
}

[GrainType("timed")]
public sealed class TimerGrain(Phases phases) : Grain, ITimerGrain
{
    private IGrainTimer? _timer;
    private int _inTurn;
    private int _overlaps;

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        phases.Reach($"ended {this.GetPrimaryKeyString()}");
        return Task.CompletedTask;
    }

    public Task Start(string name, TimeSpan dueTime, TimeSpan period, bool keepAlive = false)
    {
        _timer = this.RegisterGrainTimer(
            async cancellationToken =>
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                phases.Reach($"tick {name}");
            },
            new GrainTimerCreationOptions(dueTime, period) { KeepAlive = keepAlive });
        return Task.CompletedTask;
    }

    public Task StartSlow(string name)
    {
        _timer = this.RegisterGrainTimer(
            async static (state, _) =>
            {
                var (self, name) = state;
                if (++self._inTurn > 1)
                    self._overlaps++;
                self.Reach($"tick {name}");
                await Task.Delay(30, CancellationToken.None);
                self._inTurn--;
            },
            (Self: this, Name: name),
            new GrainTimerCreationOptions(TimeSpan.Zero, TimeSpan.FromMilliseconds(5)));
        return Task.CompletedTask;
    }

    public Task StartFailing(string name)
    {
        this.RegisterGrainTimer(
            () =>
            {
                phases.Reach($"tick {name}");
                throw new InvalidOperationException("again");
            },
            new GrainTimerCreationOptions(TimeSpan.Zero, TimeSpan.FromMilliseconds(5)));
        return Task.CompletedTask;
    }

    public Task StartInterleaving(string name)
    {
        this.RegisterGrainTimer(
            _ =>
            {
                phases.Reach($"tick {name}");
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(TimeSpan.Zero, Timeout.InfiniteTimeSpan) { Interleave = true });
        return phases.WaitFor($"tick {name}");
    }

    public Task Change(TimeSpan dueTime, TimeSpan period)
    {
        _timer!.Change(dueTime, period);
        return Task.CompletedTask;
    }

    public Task Stop()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public async Task Wait(string name)
    {
        if (++_inTurn > 1)
            _overlaps++;
        phases.Reach($"entered {name}");
        await phases.WaitFor($"go {name}");
        _inTurn--;
    }

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task<int> Overlaps() => Task.FromResult(_overlaps);

    private void Reach(string name) => phases.Reach(name);
}

public sealed class TimerTests(TestSilo silo) : IClassFixture<TestSilo>
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Never = Timeout.InfiniteTimeSpan;
    private readonly string _name = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Timer_runs_again_and_again_until_it_is_disposed()
    {
        var grain = silo.Grain<ITimerGrain>();
        await grain.Start(_name, TimeSpan.Zero, Short);
        await UntilTicks(3);
        await grain.Stop();
        var count = silo.Phases.CountOf($"tick {_name}");
        await grain.Start("other", TimeSpan.Zero, Short);
        await Phases.Until(() => silo.Phases.CountOf("tick other") >= 5, "another timer ticked on");
        Assert.Equal(count, silo.Phases.CountOf($"tick {_name}"));
    }

    [Fact]
    public async Task Timer_without_a_period_runs_once()
    {
        var grain = silo.Grain<ITimerGrain>();
        await grain.Start(_name, Short, Never);
        await UntilTicks(1);
        await grain.Start($"{_name} other", TimeSpan.Zero, Short);
        await Phases.Until(() => silo.Phases.CountOf($"tick {_name} other") >= 5, "another timer ticked on");
        Assert.Equal(1, silo.Phases.CountOf($"tick {_name}"));
    }

    [Fact]
    public async Task Change_sets_both_times_anew()
    {
        var grain = silo.Grain<ITimerGrain>();
        await grain.Start(_name, Never, Never);
        await grain.Change(TimeSpan.Zero, Short);
        await UntilTicks(3);
    }

    [Fact]
    public async Task Ticks_overlap_neither_each_other_nor_calls()
    {
        var grain = silo.Grain<ITimerGrain>();
        await grain.StartSlow(_name);
        await UntilTicks(2);
        var call = grain.Wait(_name);
        await silo.Phases.WaitFor($"entered {_name}");
        var during = silo.Phases.CountOf($"tick {_name}");
        silo.Phases.Reach($"go {_name}");
        await call;
        await UntilTicks(during + 2);
        Assert.Equal(0, await grain.Overlaps());
    }

    [Fact]
    public async Task Interleaving_timer_runs_during_a_call() => await silo.Grain<ITimerGrain>().StartInterleaving(_name);

    [Fact]
    public async Task Failing_callback_runs_again()
    {
        await silo.Grain<ITimerGrain>().StartFailing(_name);
        await UntilTicks(3);
    }

    [Fact]
    public async Task Timer_ends_with_its_activation()
    {
        var grain = silo.Grain<ITimerGrain>();
        await grain.Start(_name, TimeSpan.Zero, Short);
        await UntilTicks(1);
        await grain.End();
        await silo.Phases.WaitFor($"ended {grain.GetPrimaryKeyString()}");
        var count = silo.Phases.CountOf($"tick {_name}");
        var other = silo.Grain<ITimerGrain>();
        await other.Start($"{_name} other", TimeSpan.Zero, Short);
        await Phases.Until(() => silo.Phases.CountOf($"tick {_name} other") >= 5, "another timer ticked on");
        Assert.Equal(count, silo.Phases.CountOf($"tick {_name}"));
    }

    [Fact]
    public async Task Timer_keeps_its_grain_alive_only_where_it_says_so()
    {
        await using var collecting = await TestSilo.StartAsync(builder => builder.Configure<GrainCollectionOptions>(options =>
        {
            options.CollectionQuantum = TimeSpan.FromMilliseconds(200);
            options.CollectionAge = TimeSpan.FromSeconds(2);
        }));
        await collecting.Grain<ITimerGrain>("kept").Start("kept", TimeSpan.Zero, Short, keepAlive: true);
        await collecting.Grain<ITimerGrain>("free").Start("free", TimeSpan.Zero, Short);
        await collecting.Phases.WaitFor("ended free");
        Assert.False(collecting.Phases.IsReached("ended kept"));
    }

    private Task UntilTicks(int count) => Phases.Until(() => silo.Phases.CountOf($"tick {_name}") >= count, $"{count} ticks");
}

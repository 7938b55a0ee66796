using GrainVault.Runtime.Tests.Support;
using Orleans.Configuration;

namespace GrainVault.Runtime.Tests.Turns;

[Alias("test.ISlowGrain")]
public interface ISlowGrain : IGrainWithStringKey
{
    [Alias("WaitShort"), ResponseTimeout("00:00:00.300")]
    Task WaitShort(string name);

    [Alias("WaitToken"), ResponseTimeout("00:00:00.300")]
    Task WaitToken(string name, CancellationToken cancellationToken = default);

    [Alias("WaitLong")]
    Task WaitLong(string name);

    [Alias("WaitCancelled")]
    Task<string> WaitCancelled(string name, CancellationToken cancellationToken = default);

    [Alias("WaitDeaf")]
    Task WaitDeaf(string name, CancellationToken cancellationToken = default);

    [Alias("Note")]
    Task Note(string name);

    [Alias("NoteShortly"), ResponseTimeout("00:00:00.300")]
    Task NoteShortly(string name);

    [Alias("PassOn")]
    Task<string> PassOn(ISlowGrain other, string name, CancellationToken cancellationToken = default);
}

[GrainType("slow")]
public sealed class SlowGrain(Phases phases) : Grain, ISlowGrain
{
    public async Task WaitShort(string name)
    {
        phases.Reach($"entered {name}");
        await phases.WaitFor($"go {name}");
        phases.Reach($"ended {name}");
    }

    public async Task WaitToken(string name, CancellationToken cancellationToken = default)
    {
        phases.Reach($"entered {name}");
        await WaitForAsync(cancellationToken);
        phases.Reach($"cancelled {name}");
    }

    public Task WaitLong(string name) => WaitShort(name);

    public async Task<string> WaitCancelled(string name, CancellationToken cancellationToken = default)
    {
        phases.Reach($"entered {name}");
        await WaitForAsync(cancellationToken);
        phases.Reach($"cancelled {name}");
        cancellationToken.ThrowIfCancellationRequested();
        return "never";
    }

    public async Task WaitDeaf(string name, CancellationToken cancellationToken = default)
    {
        phases.Reach($"entered {name}");
        await phases.WaitFor($"go {name}");
        phases.Reach(cancellationToken.IsCancellationRequested ? $"saw {name}" : $"missed {name}");
    }

    public Task Note(string name)
    {
        phases.Reach($"ran {name}");
        return Task.CompletedTask;
    }

    public Task NoteShortly(string name) => Note(name);

    public Task<string> PassOn(ISlowGrain other, string name, CancellationToken cancellationToken = default) =>
        other.WaitCancelled(name, cancellationToken);

    private static async Task WaitForAsync(CancellationToken cancellationToken)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(() => cancelled.TrySetResult());
        await cancelled.Task.WaitAsync(Phases.Patience, CancellationToken.None);
    }
}

public sealed class TimeoutTests(TestSilo silo) : IClassFixture<TestSilo>
{
    private readonly string _name = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Late_answer_is_a_timeout_and_the_grain_goes_on()
    {
        var grain = silo.Grain<ISlowGrain>();
        await TimesOutAsync(silo, () => grain.WaitShort(_name));
        Assert.False(silo.Phases.IsReached($"ended {_name}"));
        silo.Phases.Reach($"go {_name}");
        await silo.Phases.WaitFor($"ended {_name}");
        await grain.Note(_name);
    }

    [Fact]
    public async Task Timeout_signals_the_token_of_the_grain()
    {
        var grain = silo.Grain<ISlowGrain>();
        await TimesOutAsync(silo, () => grain.WaitToken(_name));
        await silo.Phases.WaitFor($"cancelled {_name}");
    }

    [Fact]
    public async Task Timeout_of_the_silo_counts_where_the_method_has_none()
    {
        await using var hasty = await TestSilo.StartAsync(builder =>
            builder.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromMilliseconds(300)));
        var grain = hasty.Grain<ISlowGrain>();
        await TimesOutAsync(hasty, () => grain.WaitLong(_name));
        hasty.Phases.Reach($"go {_name}");
        await hasty.Phases.WaitFor($"ended {_name}");
    }

    [Fact]
    public async Task Call_that_timed_out_before_it_ran_is_dropped()
    {
        var grain = silo.Grain<ISlowGrain>();
        var blocking = grain.WaitLong($"{_name} block");
        await silo.Phases.WaitFor($"entered {_name} block");
        await Assert.ThrowsAsync<TimeoutException>(() => grain.NoteShortly($"{_name} dropped"));
        silo.Phases.Reach($"go {_name} block");
        await blocking;
        await grain.Note($"{_name} later");
        Assert.False(silo.Phases.IsReached($"ran {_name} dropped"));
    }

    [Fact]
    public async Task Cancellation_reaches_the_grain()
    {
        using var cancellation = new CancellationTokenSource();
        var call = silo.Grain<ISlowGrain>().WaitCancelled(_name, cancellation.Token);
        await silo.Phases.WaitFor($"entered {_name}");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await silo.Phases.WaitFor($"cancelled {_name}");
    }

    [Fact]
    public async Task Cancellation_reaches_the_grain_behind_a_grain()
    {
        using var cancellation = new CancellationTokenSource();
        var call = silo.Grain<ISlowGrain>().PassOn(silo.Grain<ISlowGrain>(), _name, cancellation.Token);
        await silo.Phases.WaitFor($"entered {_name}");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await silo.Phases.WaitFor($"cancelled {_name}");
    }

    [Fact]
    public async Task Cancelled_caller_does_not_wait_for_a_grain_that_does_not_listen()
    {
        using var cancellation = new CancellationTokenSource();
        var call = silo.Grain<ISlowGrain>().WaitDeaf(_name, cancellation.Token);
        await silo.Phases.WaitFor($"entered {_name}");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Phases.Patience));
        silo.Phases.Reach($"go {_name}");
    }

    [Fact]
    public async Task Call_with_a_cancelled_token_never_runs()
    {
        var grain = silo.Grain<ISlowGrain>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => grain.WaitCancelled(_name, new CancellationToken(canceled: true)));
        await grain.Note(_name);
        Assert.False(silo.Phases.IsReached($"entered {_name}"));
    }

    /// <summary>Calls until a call that ran timed out: one that did so before it could begin is dropped.</summary>
    private async Task TimesOutAsync(TestSilo of, Func<Task> call)
    {
        do
            await Assert.ThrowsAsync<TimeoutException>(call);
        while (!of.Phases.IsReached($"entered {_name}"));
    }
}

public sealed class LoadLimitTests
{
    [Fact]
    public async Task Call_beyond_the_limit_of_an_activation_is_refused_and_the_rest_go_on()
    {
        await using var silo = await TestSilo.StartAsync(builder =>
            builder.Configure<SiloMessagingOptions>(options => options.MaxEnqueuedRequestsHardLimit = 5));
        var grain = silo.Grain<ISlowGrain>();
        var blocking = grain.WaitLong("block");
        await silo.Phases.WaitFor("entered block");
        var more = Enumerable.Range(0, 20).Select(index => grain.WaitLong("block")).ToArray();
        var refused = 0;
        foreach (var call in more)
        {
            if (call.IsFaulted)
                refused += Assert.IsType<LimitExceededException>(call.Exception!.InnerException) is null ? 0 : 1;
        }
        silo.Phases.Reach("go block");
        await blocking;
        foreach (var call in more)
        {
            if (!call.IsFaulted)
                await call;
        }
        Assert.InRange(refused, 10, 19);
        await silo.Grain<ISlowGrain>().WaitLong("block");
    }
}

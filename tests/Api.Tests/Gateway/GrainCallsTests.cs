using GrainVault.Api.Gateway;
using GrainVault.Resilience;
using GrainVault.Silo.Options;
using Orleans.Runtime;
using Polly.CircuitBreaker;

namespace GrainVault.Api.Tests.Gateway;

public sealed class GrainCallsTests
{
    private readonly ResilienceOptions _options = new() { GrainRetryDelay = TimeSpan.FromMilliseconds(1), BreakerCallCountMin = 1000 };

    [Fact]
    public async Task Rejected_call_is_repeated_once_where_that_is_harmless()
    {
        var calls = Create();
        var script = new Script(new SiloUnavailableException("gone"), null);
        Assert.Equal(2, await calls.RepeatableAsync(script, static (script, _) => script.RunAsync()));

        var twice = new Script(new SiloUnavailableException("gone"), new SiloUnavailableException("gone"), null);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => calls.RepeatableAsync(twice, static (script, _) => script.RunAsync()));
        Assert.Equal(2, twice.Count);

        var once = new Script(new SiloUnavailableException("gone"), null);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => calls.OnceAsync(once, static (script, _) => script.RunAsync()));
        Assert.Equal(1, once.Count);
    }

    [Fact]
    public async Task Call_that_timed_out_or_failed_in_the_grain_is_never_repeated()
    {
        var calls = Create();
        foreach (var exception in new Exception[] { new TimeoutException(), new DependencyUnavailableException("down"), new InvalidOperationException() })
        {
            var script = new Script(exception, null);
            await Assert.ThrowsAsync(exception.GetType(), () => calls.RepeatableAsync(script, static (script, _) => script.RunAsync()));
            Assert.Equal(1, script.Count);
        }
    }

    [Fact]
    public async Task Repeats_stay_within_their_budget_while_everything_is_rejected()
    {
        var calls = Create();
        var script = new Script([.. Enumerable.Repeat(new SiloUnavailableException("gone"), 2000)]);
        for (var i = 0; i < 500; i++)
            await Assert.ThrowsAsync<SiloUnavailableException>(() => calls.RepeatableAsync(script, static (script, _) => script.RunAsync()));
        Assert.InRange(script.Count, 500 + RetryBudget.SavedMax, 500 + RetryBudget.SavedMax + 55);
    }

    [Fact]
    public async Task Breaker_opens_when_nearly_all_calls_are_rejected_and_fails_further_ones_at_once()
    {
        _options.BreakerCallCountMin = 10;
        // Open for as long as the test may take on a busy machine.
        _options.BreakMin = _options.BreakMax = TimeSpan.FromMinutes(1);
        var calls = Create();
        var script = new Script([.. Enumerable.Repeat(new SiloUnavailableException("gone"), 100)]);
        for (var i = 0; i < 10; i++)
            await Assert.ThrowsAsync<SiloUnavailableException>(() => calls.OnceAsync(script, static (script, _) => script.RunAsync()));
        await Assert.ThrowsAsync<BrokenCircuitException>(() => calls.OnceAsync(script, static (script, _) => script.RunAsync()));
        await Assert.ThrowsAsync<BrokenCircuitException>(() => calls.RepeatableAsync(script, static (script, _) => script.RunAsync()));
        Assert.Equal(10, script.Count);
    }

    [Fact]
    public async Task Grains_that_are_slow_or_refuse_open_no_breaker_however_often_they_are_called()
    {
        _options.BreakerCallCountMin = 10;
        var calls = Create();
        foreach (var exception in new Exception[] { new TimeoutException(), new DependencyUnavailableException("down"), new LimitExceededException() })
        {
            var script = new Script([.. Enumerable.Repeat(exception, 100), null]);
            for (var i = 0; i < 100; i++)
                await Assert.ThrowsAsync(exception.GetType(), () => calls.OnceAsync(script, static (script, _) => script.RunAsync()));
            Assert.Equal(101, await calls.RepeatableAsync(script, static (script, _) => script.RunAsync()));
        }
    }

    [Fact]
    public async Task Embedded_mode_passes_calls_through_without_an_allocation()
    {
        var calls = new GrainCalls(new GrainClusterOptions(), Breakers.Unobserved);
        var answer = Task.FromResult(7);
        Assert.Same(answer, calls.RepeatableAsync(answer, static (answer, _) => answer));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
            _ = calls.RepeatableAsync(answer, static (answer, _) => answer);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
        Assert.Equal(7, await calls.OnceAsync(answer, static (answer, _) => answer));
    }

    private GrainCalls Create() => new(
        new GrainClusterOptions { Mode = ClusterMode.Client }, new Breakers(Microsoft.Extensions.Options.Options.Create(_options), TimeProvider.System));

    /// <summary>A call that fails as told, one time after another, and then answers with its count.</summary>
    private sealed class Script(params Exception?[] failures)
    {
        public int Count { get; private set; }

        public Task<int> RunAsync() => failures[Count++] is { } failure ? Task.FromException<int>(failure) : Task.FromResult(Count);
    }
}

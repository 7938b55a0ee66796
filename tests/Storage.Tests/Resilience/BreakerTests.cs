using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GrainVault.Resilience;
using GrainVault.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;

namespace GrainVault.Storage.Tests.Resilience;

public sealed class BreakerTests
{
    private static readonly ResilienceOptions Options = new() { BreakerCallCountMin = 4, BreakMin = TimeSpan.FromSeconds(1), BreakMax = TimeSpan.FromSeconds(4) };
    private readonly ManualTime _time = new();
    private readonly Lines _log = new();

    [Fact]
    public async Task Breaker_opens_fails_at_once_lets_one_call_try_and_closes_by_itself()
    {
        var breaker = Create();
        var calls = 0;
        for (var i = 0; i < 4; i++)
            await Assert.ThrowsAsync<IOException>(() => RunAsync(breaker, Fail));
        Assert.Equal((2, 4), (breaker.State, calls));
        await Assert.ThrowsAsync<BrokenCircuitException>(() => RunAsync(breaker, Fail));
        Assert.Equal(4, calls);

        // The one that tries fails: open again, for twice as long.
        _time.Advance(TimeSpan.FromSeconds(1.1));
        await Assert.ThrowsAsync<IOException>(() => RunAsync(breaker, Fail));
        _time.Advance(TimeSpan.FromSeconds(1.1));
        await Assert.ThrowsAsync<BrokenCircuitException>(() => RunAsync(breaker, Fail));
        Assert.Equal(5, calls);

        _time.Advance(TimeSpan.FromSeconds(1));
        var trying = new TaskCompletionSource();
        var first = RunAsync(breaker, () => trying.Task);
        Assert.Equal(1, breaker.State);
        await Assert.ThrowsAsync<BrokenCircuitException>(() => RunAsync(breaker, () => Task.CompletedTask));
        trying.SetResult();
        await first;
        Assert.Equal(0, breaker.State);
        await RunAsync(breaker, () => Task.CompletedTask);
        Assert.Equal(["3200", "3201", "3200", "3201", "3202"], _log.Ids);

        Task Fail()
        {
            calls++;
            return Task.FromException(new IOException());
        }
    }

    [Fact]
    public async Task Failures_that_are_no_outage_and_calls_that_were_cancelled_do_not_count()
    {
        var breaker = Create();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        for (var i = 0; i < 20; i++)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(breaker, () => Task.FromException(new InvalidOperationException())));
            await Assert.ThrowsAnyAsync<Exception>(() => RunAsync(breaker, () => Task.FromException(new IOException()), cancelled.Token));
        }

        Assert.Equal(0, breaker.State);
    }

    [Fact]
    public async Task Trying_call_that_is_cancelled_proves_nothing_and_the_next_one_tries()
    {
        var breaker = Create();
        for (var i = 0; i < 4; i++)
            await Assert.ThrowsAsync<IOException>(() => RunAsync(breaker, () => Task.FromException(new IOException())));
        _time.Advance(TimeSpan.FromSeconds(1.1));
        using var cancel = new CancellationTokenSource();
        var trying = new TaskCompletionSource();
        var call = RunAsync(breaker, () => trying.Task, cancel.Token);
        Assert.Equal(Breaker.HalfOpen, breaker.State);
        await cancel.CancelAsync();
        trying.SetException(new OperationCanceledException(cancel.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(Breaker.Open, breaker.State);

        _time.Advance(TimeSpan.FromSeconds(2.1));
        await RunAsync(breaker, () => Task.CompletedTask);
        Assert.Equal(Breaker.Closed, breaker.State);
    }

    [Fact]
    public async Task Of_many_calls_after_the_break_exactly_one_tries()
    {
        var breaker = Create();
        for (var i = 0; i < 4; i++)
            await Assert.ThrowsAsync<IOException>(() => RunAsync(breaker, () => Task.FromException(new IOException())));
        _time.Advance(TimeSpan.FromSeconds(1.1));
        var (tries, trying) = (0, new TaskCompletionSource());
        var calls = Enumerable.Range(0, 50).Select(_ => Task.Run(() => RunAsync(breaker, () =>
        {
            Interlocked.Increment(ref tries);
            return trying.Task;
        }))).ToList();
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (calls.Count(call => call.IsCompleted) < 49)
        {
            Assert.True(DateTime.UtcNow < deadline, "more than one call tries");
            await Task.Delay(10);
        }

        trying.SetResult();
        var outcomes = await Task.WhenAll(calls.Select(call => Record.ExceptionAsync(() => call)));
        Assert.Equal(1, tries);
        Assert.Equal(49, outcomes.Count(outcome => outcome is BrokenCircuitException));
        Assert.Equal(Breaker.Closed, breaker.State);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 4)]
    [InlineData(3, 4)]
    [InlineData(1000, 4)]
    public void Break_is_doubled_up_to_its_limit(int failedAttempts, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Breaker.BreakOf(Options, failedAttempts));

    [Fact]
    public async Task State_is_a_metric_of_the_subsystem()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var breakers = new Breakers(Microsoft.Extensions.Options.Options.Create(Options), _time, services.GetRequiredService<IMeterFactory>());
        var meter = $"GrainVault.Test.{Guid.NewGuid():n}";
        var broken = breakers.Create(meter, "broken", 0.5, exception => exception is IOException);
        breakers.Create(meter, "whole", 0.5, exception => exception is IOException);
        for (var i = 0; i < 4; i++)
            await Assert.ThrowsAsync<IOException>(() => RunAsync(broken, () => Task.FromException(new IOException())));

        var states = new Dictionary<string, int>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == meter)
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((instrument, state, tags, _) =>
        {
            Assert.Equal("grainvault.breaker.state", instrument.Name);
            states[(string)tags[0].Value!] = state;
        });
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.Equal((2, 0), (states["broken"], states["whole"]));
    }

    private static Task RunAsync(Breaker breaker, Func<Task> call, CancellationToken cancellationToken = default) =>
        breaker.Pipeline.ExecuteAsync(async _ => await call(), cancellationToken).AsTask();

    private Breaker Create() => new("test", 0.5, Options, exception => exception is IOException, _time, _log);

    private sealed class Lines : ILogger
    {
        public ConcurrentQueue<string> Ids { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Ids.Enqueue($"{eventId.Id}");
    }
}

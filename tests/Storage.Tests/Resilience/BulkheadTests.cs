using System.Diagnostics.Metrics;
using GrainVault.Resilience;
using GrainVault.Storage.Instrumentation;
using GrainVault.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace GrainVault.Storage.Tests.Resilience;

public sealed class BulkheadTests
{
    private static readonly BulkheadLimits Limits = new(CountMax: 2, QueueLengthMax: 2, TimeSpan.FromSeconds(5));
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Calls_past_the_limit_wait_in_turn_and_those_past_the_queue_are_refused()
    {
        using var bulkhead = new Bulkhead("writes", Limits, _time);
        var first = await bulkhead.TryEnterAsync();
        var second = await bulkhead.TryEnterAsync();
        var third = bulkhead.TryEnterAsync().AsTask();
        var fourth = bulkhead.TryEnterAsync().AsTask();
        Assert.Null(await bulkhead.TryEnterAsync());
        Assert.Equal(2, bulkhead.WaitingCount);
        Assert.False(third.IsCompleted || fourth.IsCompleted);

        first!.Dispose();
        first.Dispose();
        Assert.NotNull(await third.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.False(fourth.IsCompleted);
        second!.Dispose();
        Assert.NotNull(await fourth.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(0, bulkhead.WaitingCount);
    }

    [Fact]
    public async Task Call_that_waits_too_long_is_refused_and_leaves_the_queue()
    {
        using var bulkhead = new Bulkhead("writes", Limits, _time);
        using var first = await bulkhead.TryEnterAsync();
        using var second = await bulkhead.TryEnterAsync();
        var third = bulkhead.TryEnterAsync().AsTask();
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(third.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Null(await third.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(0, bulkhead.WaitingCount);
    }

    [Fact]
    public async Task Call_that_is_cancelled_while_it_waits_takes_no_place()
    {
        using var bulkhead = new Bulkhead("writes", Limits, _time);
        var first = await bulkhead.TryEnterAsync();
        var second = await bulkhead.TryEnterAsync();
        using var cancel = new CancellationTokenSource();
        var third = bulkhead.TryEnterAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        first!.Dispose();
        second!.Dispose();
        Assert.NotNull(await bulkhead.TryEnterAsync());
        Assert.NotNull(await bulkhead.TryEnterAsync());
        Assert.Equal(0, bulkhead.WaitingCount);
    }

    [Fact]
    public async Task Numbers_are_there_from_the_start_and_follow_the_calls()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var sums = new Dictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == meters && instrument.Name.StartsWith("grainvault.store.calls", StringComparison.Ordinal))
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, change, tags, _) => Add(instrument, change, tags));
        listener.SetMeasurementEventCallback<long>((instrument, change, tags, _) => Add(instrument, change, tags));
        listener.Start();
        var instruments = new StorageInstruments(meters);
        Assert.Equal(
            ["active reads", "active writes", "refused reads queue_full", "refused reads too_long", "refused writes queue_full", "refused writes too_long", "waiting reads", "waiting writes"],
            sums.Keys.Order(StringComparer.Ordinal));
        Assert.All(sums.Values, sum => Assert.Equal(0, sum));

        using var bulkhead = new Bulkhead("reads", new BulkheadLimits(1, 1, TimeSpan.FromSeconds(5)), _time, instruments.Bulkheads);
        var first = await bulkhead.TryEnterAsync();
        var second = bulkhead.TryEnterAsync().AsTask();
        await bulkhead.TryEnterAsync();
        Assert.Equal((1, 1, 1), (sums["active reads"], sums["waiting reads"], sums["refused reads queue_full"]));
        _time.Advance(TimeSpan.FromSeconds(6));
        await second.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal((1, 0, 1), (sums["active reads"], sums["waiting reads"], sums["refused reads too_long"]));
        first!.Dispose();
        Assert.Equal(0, sums["active reads"]);

        void Add(Instrument instrument, long change, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var name = instrument.Name["grainvault.store.calls.".Length..];
            foreach (var tag in tags)
                name += $" {tag.Value}";
            lock (sums)
                sums[name] = sums.GetValueOrDefault(name) + change;
        }
    }
}

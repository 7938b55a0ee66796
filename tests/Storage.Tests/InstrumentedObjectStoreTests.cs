using System.Diagnostics;
using System.Diagnostics.Metrics;
using GrainVault.Storage.Instrumentation;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.Storage.Tests.Disk;
using Microsoft.Extensions.DependencyInjection;

namespace GrainVault.Storage.Tests;

/// <summary>The decorator is a provider like any other.</summary>
public sealed class InstrumentedFixture : IStoreFixture, IDisposable
{
    private readonly DiskFixture _inner = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddSingleton<StorageInstruments>().BuildServiceProvider();

    public InstrumentedFixture() =>
        Store = InstrumentedObjectStore.Wrap(_inner.Store, _services.GetRequiredService<StorageInstruments>(), TimeProvider.System);

    public IObjectStore Store { get; }

    public int PartSizeBytes => _inner.PartSizeBytes;

    public int ManyCount => _inner.ManyCount;

    public Task<Uri> ReachAsync(PresignedUrl url) => _inner.ReachAsync(url);

    public IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    public void Dispose()
    {
        _services.Dispose();
        _inner.Dispose();
    }
}

public sealed class InstrumentedMultipartTests(InstrumentedFixture fixture) : MultipartConformance<InstrumentedFixture>(fixture);

public sealed class InstrumentedWholeObjectTests(InstrumentedFixture fixture) : WholeObjectConformance<InstrumentedFixture>(fixture);

public sealed class InstrumentedCopyTests(InstrumentedFixture fixture) : CopyConformance<InstrumentedFixture>(fixture);

public sealed class InstrumentedPresignTests(InstrumentedFixture fixture) : PresignConformance<InstrumentedFixture>(fixture);

public sealed class InstrumentedObjectStoreTests : IDisposable
{
    private readonly InstrumentedFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Every_call_is_counted_with_its_operation_and_outcome_and_no_key()
    {
        var seen = new List<string>();
        using var listener = Listen(seen);
        var store = _fixture.Store;
        var multipart = (IMultipartStore)store;
        await store.PutAsync("objects/a", Content.Random(1000));
        await store.FindAsync("objects/a");
        await (await store.OpenReadAsync("objects/a")).DisposeAsync();
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.OpenReadAsync("objects/b"));
        var id = await multipart.InitiateAsync("objects/m");
        await multipart.PutPartAsync("objects/m", id, 1, Content.Random(500));
        await multipart.ListPartsAsync("objects/m", id, 0);
        await Assert.ThrowsAsync<ObjectStoreException>(() => multipart.CompleteAsync("objects/m", id, []));
        await multipart.AbortAsync("objects/m", id);
        await store.DeleteAsync("objects/a");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.FindAsync("objects/a", new CancellationToken(canceled: true)));
        Assert.Equal(
            [
                "duration disk put ok", "written disk 1000", "duration disk find ok", "duration disk open_read ok", "duration disk open_read not_found",
                "duration disk initiate ok", "duration disk put_part ok", "written disk 500", "duration disk list_parts ok",
                "duration disk complete invalid_part", "duration disk abort ok", "duration disk delete ok", "duration disk find cancelled",
            ],
            seen);
    }

    [Fact]
    public async Task Every_call_is_a_span_that_what_happens_inside_belongs_to()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == StorageInstruments.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                lock (spans)
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        var key = ObjectKeys.NewContentKey();
        await _fixture.Store.PutAsync(key, Content.Random(10));
        lock (spans)
        {
            var span = Assert.Single(spans, span => Equals(span.GetTagItem("grainvault.key"), key));
            Assert.Equal(("put", "disk", ActivityKind.Client), (span.OperationName, span.GetTagItem("grainvault.store"), span.Kind));
        }
    }

    private MeterListener Listen(List<string> seen)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == StorageInstruments.Name && instrument.Meter.Scope == _fixture.Meters)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            Assert.Equal(("grainvault.store.operation.duration", "s"), (instrument.Name, instrument.Unit));
            Assert.InRange(value, 0, 600);
            seen.Add($"duration {Join(tags)}");
        });
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            Assert.Equal(("grainvault.store.written", "By"), (instrument.Name, instrument.Unit));
            seen.Add($"written {Join(tags)} {value}");
        });
        listener.Start();
        return listener;
    }

    private static string Join(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var values = new List<object?>();
        foreach (var tag in tags)
            values.Add(tag.Value);
        return string.Join(' ', values);
    }
}

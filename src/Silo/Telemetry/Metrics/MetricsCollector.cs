using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace GrainVault.Silo.Telemetry.Metrics;

/// <summary>
/// Adds up what the instruments of this process record, from its start on. Nothing of it leaves the process but by
/// <c>/metrics</c> and the cluster's page.
/// </summary>
internal sealed class MetricsCollector : IDisposable
{
    private const string OwnPrefix = "GrainVault.";

    private static readonly HashSet<string> Meters = new(StringComparer.Ordinal)
    {
        "Microsoft.Orleans",
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "Npgsql",
        "System.Runtime",
    };

    /// <summary>Instruments that say nothing that others don't, or have a series per address.</summary>
    private static readonly HashSet<string> Left = new(StringComparer.Ordinal)
    {
        "kestrel.connection.duration",
        "kestrel.tls_handshake.duration",
        "db.client.operation.npgsql.prepared_ratio",
    };

    private static readonly Meter Own = new("GrainVault.Telemetry");
    private static readonly Counter<long> FailureCount = Own.CreateCounter<long>("grainvault.telemetry.failures", "{failure}", "Observations that failed");

    private static readonly double[] SecondsBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
    private static readonly double[] BytesBounds = [1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20];
    private static readonly double[] OtherBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly int _seriesCountMax;
    private long _generation;

    /// <summary>Begins to listen.</summary>
    /// <param name="seriesCountMax">Most series of one metric.</param>
    public MetricsCollector(int seriesCountMax)
    {
        _seriesCountMax = seriesCountMax;
        _listener.InstrumentPublished = Listen;
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, state) => Take(value, tags, state));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, state) => Take(value, tags, state));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Take(value, tags, state));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Take(value, tags, state));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, state) => Take(value, tags, state));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Take(value, tags, state));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, state) => Take((double)value, tags, state));
        _listener.Start();
        // A counter that is not there yet has no rate when it begins to count.
        FailureCount.Add(0);
    }

    /// <summary>Everything that is known now, by name. Observed values are asked for first, and gone where nobody reports them any more.</summary>
    public IReadOnlyList<(MetricFamily Family, MetricSeries[] Series)> Collect()
    {
        lock (_gate)
        {
            _generation++;
            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException exception)
            {
                // One instrument whose owner has gone must not hide all others.
                FailureCount.Add(exception.InnerExceptions.Count);
            }

            return
            [
                .. _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal)
                    .Select(family => (family, Current(family)))
                    .Where(pair => pair.Item2.Length > 0),
            ];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private MetricSeries[] Current(MetricFamily family) =>
        [.. family.Series().Where(series => series.Generation == 0 || series.Generation == _generation)];

    private void Listen(Instrument instrument, MeterListener listener)
    {
        if ((!instrument.Meter.Name.StartsWith(OwnPrefix, StringComparison.Ordinal) && !Meters.Contains(instrument.Meter.Name)) || Left.Contains(instrument.Name))
            return;
        if (KindOf(instrument) is not { } kind)
            return;
        var name = MetricNames.Of(instrument.Name, instrument.Unit, kind.Kind);
        var family = _families.GetOrAdd(name, _ => new MetricFamily(
            name, instrument.Description ?? instrument.Name, kind.Kind, kind.IsSum, BoundsOf(instrument), _seriesCountMax));
        if (family.Kind == kind.Kind)
            listener.EnableMeasurementEvents(instrument, new Target(family, instrument.IsObservable));
    }

    private void Take(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        var target = (Target)state!;
        var series = target.Family.Find(tags);
        if (target.IsObserved && series is ValueSeries observed)
            observed.Observe(value, Interlocked.Read(ref _generation));
        else
            series.Record(value);
    }

    private static (MetricKind Kind, bool IsSum)? KindOf(Instrument instrument)
    {
        var type = instrument.GetType();
        if (!type.IsGenericType)
            return null;
        var generic = type.GetGenericTypeDefinition();
        if (generic == typeof(Counter<>) || generic == typeof(ObservableCounter<>))
            return (MetricKind.Counter, true);
        if (generic == typeof(UpDownCounter<>) || generic == typeof(ObservableUpDownCounter<>))
            return (MetricKind.Gauge, true);
        if (generic == typeof(Gauge<>) || generic == typeof(ObservableGauge<>))
            return (MetricKind.Gauge, false);
        return generic == typeof(Histogram<>) ? (MetricKind.Histogram, false) : null;
    }

    private static double[] BoundsOf(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised],
        Histogram<long> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised.Select(bound => (double)bound)],
        { Unit: "s" or "seconds" } => SecondsBounds,
        { Unit: "By" or "bytes" } => BytesBounds,
        _ => OtherBounds,
    };

    private sealed record Target(MetricFamily Family, bool IsObserved);
}

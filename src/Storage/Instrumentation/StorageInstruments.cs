using System.Diagnostics;
using System.Diagnostics.Metrics;
using GrainVault.Resilience;

namespace GrainVault.Storage.Instrumentation;

/// <summary>Metrics and traces of the object store; keys are span attributes, never metric dimensions.</summary>
public sealed class StorageInstruments
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "GrainVault.Storage";

    /// <summary>Name of the bulkhead of reads.</summary>
    public const string Reads = "reads";

    /// <summary>Name of the bulkhead of writes.</summary>
    public const string Writes = "writes";

    /// <summary>Outcome of a call that did what it should.</summary>
    public const string Success = "ok";

    private readonly Histogram<double> _duration;
    private readonly Counter<long> _bytesWritten;

    /// <summary>Creates the instruments.</summary>
    /// <param name="meters">Makes the meter.</param>
    /// <param name="calls">Where single calls are kept; null for nowhere.</param>
    public StorageInstruments(IMeterFactory meters, StoreCallLog? calls = null)
    {
        Calls = calls ?? new StoreCallLog();
        var meter = meters.Create(Name);
        _duration = meter.CreateHistogram<double>(
            "grainvault.store.operation.duration", "s", "Time of one call of the object store, with its repeats; its count is the number of calls.");
        _bytesWritten = meter.CreateCounter<long>(
            "grainvault.store.written", "By", "Bytes that the object store has acknowledged.");
        meter.CreateObservableCounter("grainvault.store.calls.dropped", () => Calls.DroppedCount, "{call}", "Calls that came too fast for the log of storage activity.");
        Bulkheads = new BulkheadInstruments(meter, Reads, Writes);
    }

    /// <summary>Numbers of the bulkheads.</summary>
    public BulkheadInstruments Bulkheads { get; }

    /// <summary>Single calls.</summary>
    public StoreCallLog Calls { get; }

    /// <summary>Source of the spans, one per call.</summary>
    public static ActivitySource Activities { get; } = new(Name);

    /// <summary>Records the end of a call.</summary>
    /// <param name="store">Name from the store's profile.</param>
    /// <param name="operation">For example <c>put_part</c>.</param>
    /// <param name="outcome"><c>ok</c>, <c>cancelled</c>, or the error in lower case.</param>
    /// <param name="elapsed">How long it took.</param>
    public void Ended(string store, string operation, string outcome, TimeSpan elapsed) => _duration.Record(
        elapsed.TotalSeconds,
        new KeyValuePair<string, object?>("store", store),
        new KeyValuePair<string, object?>("operation", operation),
        new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>Records bytes that are durable.</summary>
    public void Wrote(string store, long countBytes) => _bytesWritten.Add(countBytes, new KeyValuePair<string, object?>("store", store));
}

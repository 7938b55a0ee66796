using System.Diagnostics.Metrics;

namespace GrainVault.Resilience;

/// <summary>Numbers of the bulkheads in front of the object store, by <c>bulkhead</c>: <c>reads</c> or <c>writes</c>.</summary>
public sealed class BulkheadInstruments
{
    private readonly UpDownCounter<int> _active;
    private readonly UpDownCounter<int> _waiting;
    private readonly Counter<long> _refused;

    /// <summary>Creates the instruments; each has a value from the start, since what is not there yet has no rate.</summary>
    public BulkheadInstruments(Meter meter, params ReadOnlySpan<string> bulkheads)
    {
        _active = meter.CreateUpDownCounter<int>("grainvault.store.calls.active", "{call}", "Calls of the object store that run, a read until its body has ended.");
        _waiting = meter.CreateUpDownCounter<int>("grainvault.store.calls.waiting", "{call}", "Calls of the object store that wait for their turn.");
        _refused = meter.CreateCounter<long>(
            "grainvault.store.calls.refused", "{call}", "Calls of the object store that were refused: too many waited (queue_full), or this one too long (too_long).");
        foreach (var bulkhead in bulkheads)
        {
            Runs(bulkhead, 0);
            Waits(bulkhead, 0);
            foreach (var reason in (ReadOnlySpan<string>)["queue_full", "too_long"])
                _refused.Add(0, Tag(bulkhead), new KeyValuePair<string, object?>("reason", reason));
        }
    }

    internal void Runs(string bulkhead, int change) => _active.Add(change, Tag(bulkhead));

    internal void Waits(string bulkhead, int change) => _waiting.Add(change, Tag(bulkhead));

    internal void Refused(string bulkhead, string reason) => _refused.Add(1, Tag(bulkhead), new KeyValuePair<string, object?>("reason", reason));

    private static KeyValuePair<string, object?> Tag(string bulkhead) => new("bulkhead", bulkhead);
}

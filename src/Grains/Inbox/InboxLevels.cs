using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using GrainVault.Diagnostics;

namespace GrainVault.Inbox;

/// <summary>
/// What stays in the inbox, by reason, as the metrics <c>grainvault.inbox.waiting</c> and <c>grainvault.inbox.waiting.size</c>. The
/// process that runs the janitor's first shard knows; others say 0, so that the sum over all processes is right.
/// </summary>
internal sealed class InboxLevels
{
    private static readonly InboxLevel Nothing = new("", 0, 0);

    private readonly ConcurrentDictionary<string, InboxLevel> _levels = new(StringComparer.Ordinal);

    public InboxLevels(IMeterFactory? meters = null)
    {
        var meter = meters?.Create(GrainsMeter.Name);
        meter?.CreateObservableGauge("grainvault.inbox.waiting", () => Read(level => level.ObjectCount), "{object}", "Objects of the inbox that can't be adopted");
        meter?.CreateObservableGauge("grainvault.inbox.waiting.size", () => Read(level => level.SizeBytes), "By", "Bytes of the inbox that can't be adopted");
    }

    /// <summary>The level of one reason.</summary>
    public InboxLevel this[string reason] => _levels.GetValueOrDefault(reason, Nothing);

    /// <summary>Replaces all levels.</summary>
    public void Publish(IEnumerable<InboxLevel> levels)
    {
        var now = levels.ToDictionary(level => level.Reason);
        foreach (var reason in InboxReasons.All)
            _levels[reason] = now.GetValueOrDefault(reason, Nothing);
    }

    /// <summary>Somebody else publishes from now on.</summary>
    public void Clear() => _levels.Clear();

    private IEnumerable<Measurement<long>> Read(Func<InboxLevel, long> value) =>
        InboxReasons.All.Select(reason => new Measurement<long>(value(this[reason]), new KeyValuePair<string, object?>("reason", reason)));
}

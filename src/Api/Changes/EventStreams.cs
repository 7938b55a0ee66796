using System.Diagnostics.Metrics;
using GrainVault.Api.Diagnostics;
using GrainVault.Api.Http;
using GrainVault.Api.Shedding;

namespace GrainVault.Api.Changes;

/// <summary>Counts the streams of events of this process.</summary>
internal sealed class EventStreams
{
    private readonly int _countMax;
    private readonly KeyedCounts<string> _users;
    private readonly UpDownCounter<int> _open;
    private readonly Counter<long> _events;
    private int _count;

    /// <summary>Creates the instruments.</summary>
    public EventStreams(ChangesSettings settings, IMeterFactory meters)
    {
        _countMax = settings.StreamCountMax;
        _users = new KeyedCounts<string>(settings.StreamCountPerUserMax);
        var meter = meters.Create(ApiInstruments.Name);
        _open = meter.CreateUpDownCounter<int>("grainvault.event.streams", "{stream}", "Streams of events that are open");
        _events = meter.CreateCounter<long>("grainvault.events.sent", "{event}", "Events that were sent on streams, by kind");
        _open.Add(0);
        foreach (var kind in (string[])["changes", "progress", "heartbeat"])
            _events.Add(0, new KeyValuePair<string, object?>("kind", kind));
    }

    /// <summary>Counts a stream in; a problem when there are too many.</summary>
    public Problem? TryEnter(string userId)
    {
        if (Interlocked.Increment(ref _count) > _countMax)
        {
            Interlocked.Decrement(ref _count);
            return new Problem(ProblemTypes.Overloaded, "Too many streams of events are open.") { RetryAfterSeconds = 5 };
        }

        if (!_users.TryEnter(userId))
        {
            Interlocked.Decrement(ref _count);
            return new Problem(ProblemTypes.Throttled, "You have too many streams of events open.") { RetryAfterSeconds = 5 };
        }

        _open.Add(1);
        return null;
    }

    /// <summary>Counts a stream out that was counted in.</summary>
    public void Leave(string userId)
    {
        _users.Leave(userId);
        Interlocked.Decrement(ref _count);
        _open.Add(-1);
    }

    /// <summary>An event was sent.</summary>
    /// <param name="kind"><c>changes</c>, <c>progress</c> or <c>heartbeat</c>.</param>
    public void Sent(string kind) => _events.Add(1, new KeyValuePair<string, object?>("kind", kind));
}

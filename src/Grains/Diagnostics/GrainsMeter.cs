using System.Diagnostics;
using System.Diagnostics.Metrics;
using GrainVault.Inbox;

namespace GrainVault.Diagnostics;

/// <summary>Instruments of the grains, with OpenTelemetry names and units. Ids are attributes of logs and spans, never of metrics.</summary>
public static class GrainsMeter
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "GrainVault.Grains";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> PartCount = Meter.CreateCounter<long>("grainvault.parts", "{part}", "Parts acknowledged");
    private static readonly Counter<long> PartBytes = Meter.CreateCounter<long>("grainvault.parts.size", "By", "Bytes of acknowledged parts");
    private static readonly Counter<long> FencedCount = Meter.CreateCounter<long>("grainvault.parts.fenced", "{part}", "Stored parts that the ledger did not accept any more");
    private static readonly Counter<long> VersionCount = Meter.CreateCounter<long>("grainvault.versions", "{version}", "Versions committed");
    private static readonly Counter<long> VersionBytes = Meter.CreateCounter<long>("grainvault.versions.size", "By", "Bytes of committed versions");
    private static readonly Counter<long> LoginCount = Meter.CreateCounter<long>("grainvault.logins", "{login}", "Logins by outcome");
    private static readonly Counter<long> DeletionCount = Meter.CreateCounter<long>("grainvault.objects.deleted", "{object}", "Objects deleted from the store");
    private static readonly Counter<long> SweepAlarmCount = Meter.CreateCounter<long>("grainvault.sweep.alarms", "{alarm}", "Sweeps that stopped with an alarm");
    private static readonly UpDownCounter<int> StoreWrites = Meter.CreateUpDownCounter<int>("grainvault.store.writes.active", "{write}", "Writes that the store works on");

    private static readonly UpDownCounter<int> StoreWriteWaiters = Meter.CreateUpDownCounter<int>("grainvault.store.writes.waiting", "{write}", "Writes that wait for their turn at the store");
    private static readonly UpDownCounter<int> PasswordWaiters = Meter.CreateUpDownCounter<int>("grainvault.password.hashes.waiting", "{password}", "Passwords that wait to be hashed");
    private static readonly Counter<long> StoreWriteRefusals = Meter.CreateCounter<long>("grainvault.store.writes.refused", "{write}", "Writes that waited too long for their turn");

    private static readonly Counter<long> EventCount = Meter.CreateCounter<long>("grainvault.ingest.events", "{event}", "Objects of which the store sent an event");

    private static readonly Counter<long> InboxAdoptedCount = Meter.CreateCounter<long>("grainvault.inbox.adopted", "{file}", "Objects of the inbox that became files");
    private static readonly Counter<long> InboxRefusedCount = Meter.CreateCounter<long>("grainvault.inbox.refused", "{object}", "Objects of the inbox that could not be adopted, each once per reason");

    private static readonly Counter<long> AuditDroppedCount = Meter.CreateCounter<long>("grainvault.audit.dropped", "{row}", "Downloads and failed sign-ins that came too fast for the audit");
    private static readonly Counter<long> WebhookCount = Meter.CreateCounter<long>("grainvault.webhook.deliveries", "{delivery}", "Attempts to deliver to webhooks, by outcome");
    private static readonly UpDownCounter<int> FeedWatchers = Meter.CreateUpDownCounter<int>("grainvault.feed.watchers", "{request}", "Requests that wait for changes");

    /// <summary>A counter that is not there yet has no rate when it begins to count; nor does a queue that nobody has waited in.</summary>
    static GrainsMeter()
    {
        foreach (var counter in (Counter<long>[])[PartCount, PartBytes, FencedCount, VersionCount, VersionBytes, DeletionCount, SweepAlarmCount, StoreWriteRefusals, EventCount, InboxAdoptedCount, AuditDroppedCount])
            counter.Add(0);
        foreach (var reason in InboxReasons.All)
            InboxRefusedCount.Add(0, Reason(reason));
        foreach (var isTaken in (bool[])[true, false])
            WebhookCount.Add(0, Delivery(isTaken));
        foreach (var level in (UpDownCounter<int>[])[StoreWrites, StoreWriteWaiters, PasswordWaiters, FeedWatchers])
            level.Add(0);
    }

    /// <summary>Spans of the grains.</summary>
    public static ActivitySource Activities { get; } = new(Name);

    internal static void PartAcknowledged(long sizeBytes)
    {
        PartCount.Add(1);
        PartBytes.Add(sizeBytes);
    }

    internal static void PartFenced() => FencedCount.Add(1);

    internal static void VersionCommitted(long sizeBytes)
    {
        VersionCount.Add(1);
        VersionBytes.Add(sizeBytes);
    }

    internal static void LoggedIn(string outcome) => LoginCount.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    internal static void ObjectDeleted() => DeletionCount.Add(1);

    internal static void EventsReceived(int count) => EventCount.Add(count);

    internal static void WebhookTried(bool isTaken) => WebhookCount.Add(1, Delivery(isTaken));

    internal static void FeedWatched(int change) => FeedWatchers.Add(change);

    internal static void InboxAdopted() => InboxAdoptedCount.Add(1);

    internal static void InboxRefused(string reason) => InboxRefusedCount.Add(1, Reason(reason));

    internal static void AuditDropped(int count) => AuditDroppedCount.Add(count);

    internal static void SweepStopped() => SweepAlarmCount.Add(1);

    internal static void StoreWriteWaits() => StoreWriteWaiters.Add(1);

    internal static void StoreWriteWaited() => StoreWriteWaiters.Add(-1);

    internal static void StoreWriteRefused() => StoreWriteRefusals.Add(1);

    internal static void PasswordWaits() => PasswordWaiters.Add(1);

    internal static void PasswordWaited() => PasswordWaiters.Add(-1);

    internal static void StoreWriteStarted() => StoreWrites.Add(1);

    internal static void StoreWriteEnded() => StoreWrites.Add(-1);

    private static KeyValuePair<string, object?> Delivery(bool isTaken) => new("outcome", isTaken ? "taken" : "failed");

    private static KeyValuePair<string, object?> Reason(string reason) => new("reason", reason);
}

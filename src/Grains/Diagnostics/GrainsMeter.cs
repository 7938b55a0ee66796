using System.Diagnostics;
using System.Diagnostics.Metrics;

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

    internal static void SweepStopped() => SweepAlarmCount.Add(1);

    internal static void StoreWriteStarted() => StoreWrites.Add(1);

    internal static void StoreWriteEnded() => StoreWrites.Add(-1);
}

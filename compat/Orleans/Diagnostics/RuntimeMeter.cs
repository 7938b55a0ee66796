using System.Diagnostics.Metrics;

namespace Orleans.Runtime;

/// <summary>The runtime's instruments, under the names of the official ones, so that what watches one runtime watches the other.</summary>
internal static class RuntimeMeter
{
    private const string Name = "Microsoft.Orleans";

    private static readonly Meter Meter = new(Name);
    private static readonly UpDownCounter<int> GrainCount = Meter.CreateUpDownCounter<int>("orleans-grains", description: "Activations in this silo by grain class");

    private static long _queuedCount;
    private static long _queuedBytes;

    static RuntimeMeter()
    {
        Meter.CreateObservableUpDownCounter(
            "orleans-messaging-outgoing-queue", () => Interlocked.Read(ref _queuedCount), "{message}", "Messages to other processes that wait to be sent");
        Meter.CreateObservableUpDownCounter(
            "orleans-messaging-outgoing-queue-size", () => Interlocked.Read(ref _queuedBytes), "By", "Bytes of these messages");
    }

    /// <summary>Messages were queued, or with negative numbers taken from a queue.</summary>
    internal static void Queued(int count, long sizeBytes)
    {
        Interlocked.Add(ref _queuedCount, count);
        Interlocked.Add(ref _queuedBytes, sizeBytes);
    }

    internal static void Activated(GrainClass grainClass) => GrainCount.Add(1, new KeyValuePair<string, object?>("type", grainClass.Type.FullName));

    internal static void Deactivated(GrainClass grainClass) => GrainCount.Add(-1, new KeyValuePair<string, object?>("type", grainClass.Type.FullName));

    /// <summary>Lets the number of reminders be asked for until the result is disposed.</summary>
    internal static IDisposable ObserveReminders(Func<int> count)
    {
        var meter = new Meter(Name);
        meter.CreateObservableGauge("orleans-reminders-active", count, description: "Reminders that this silo ticks");
        return meter;
    }
}

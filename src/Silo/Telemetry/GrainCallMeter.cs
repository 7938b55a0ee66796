using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using GrainVault.Cluster;
using GrainVault.Diagnostics;
using Orleans;

namespace GrainVault.Silo.Telemetry;

/// <summary>
/// Measures every call of a grain in this silo: its time as the grain saw it, by interface, method and outcome. A refusal is a
/// result, so the outcome <c>error</c> is a bug or broken infrastructure.
/// </summary>
internal sealed class GrainCallMeter : IIncomingGrainCallFilter
{
    /// <summary>Name of the instrument; its count is the number of calls.</summary>
    public const string DurationName = "grainvault.grain.call.duration";

    /// <summary>Tag with the grain interface, without its namespace.</summary>
    public const string GrainTag = "grain";

    /// <summary>Tag with the method.</summary>
    public const string MethodTag = "method";

    /// <summary>Tag with <c>ok</c>, <c>error</c> or <c>cancelled</c>.</summary>
    public const string OutcomeTag = "outcome";

    private static readonly Meter Meter = new(GrainsMeter.Name);
    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        DurationName,
        "s",
        "Time of one grain call in its silo, from the start of its turn; its count is the number of calls",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = CallLatency.BoundsSeconds });

    private static readonly ConcurrentDictionary<string, string> ShortNames = new(StringComparer.Ordinal);

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (!Duration.Enabled)
            return context.Invoke();
        var started = Stopwatch.GetTimestamp();
        var call = context.Invoke();
        if (!call.IsCompletedSuccessfully)
            return AwaitAsync(call, context, started);
        Record(context, started, "ok");
        return call;
    }

    private static async Task AwaitAsync(Task call, IIncomingGrainCallContext context, long started)
    {
        var outcome = "error";
        try
        {
            await call;
            outcome = "ok";
        }
        catch (OperationCanceledException)
        {
            outcome = "cancelled";
            throw;
        }
        finally
        {
            Record(context, started, outcome);
        }
    }

    private static void Record(IIncomingGrainCallContext context, long started, string outcome) => Duration.Record(
        Stopwatch.GetElapsedTime(started).TotalSeconds,
        new KeyValuePair<string, object?>(GrainTag, ShortNames.GetOrAdd(context.InterfaceName, static name => name[(name.LastIndexOf('.') + 1)..])),
        new KeyValuePair<string, object?>(MethodTag, context.MethodName),
        new KeyValuePair<string, object?>(OutcomeTag, outcome));
}

using Orleans;

namespace GrainVault.Cluster;

/// <summary>What a process is there for.</summary>
[GenerateSerializer, Alias("gv.ProcessRole")]
public enum ProcessRole
{
    /// <summary>Hosts grains.</summary>
    Silo,

    /// <summary>Serves clients, with the grains of others.</summary>
    FrontEnd,

    /// <summary>Does both.</summary>
    FrontEndWithSilo,
}

/// <summary>Where a process is in its life.</summary>
[GenerateSerializer, Alias("gv.ProcessState")]
public enum ProcessState
{
    /// <summary>It reports.</summary>
    Running,

    /// <summary>It has said that it stops.</summary>
    Stopping,

    /// <summary>It said so and reports no more.</summary>
    Stopped,

    /// <summary>It reports no more and never said why.</summary>
    Gone,
}

/// <summary>Activations of one grain class.</summary>
/// <param name="GrainType">Name of the class, without its namespace.</param>
/// <param name="Count">How many there are.</param>
[GenerateSerializer, Immutable, Alias("gv.ActivationCount")]
public sealed record ActivationCount([property: Id(0)] string GrainType, [property: Id(1)] long Count);

/// <summary>Calls of one method within the window of a report.</summary>
/// <param name="Grain">Grain interface, without its namespace.</param>
/// <param name="Method">Method.</param>
/// <param name="LatencyCounts">Calls per bucket of <see cref="CallLatency.BoundsSeconds"/>, and those above all bounds.</param>
/// <param name="ErrorCount">Calls that ended with an exception.</param>
[GenerateSerializer, Immutable, Alias("gv.MethodCalls")]
public sealed record MethodCalls(
    [property: Id(0)] string Grain,
    [property: Id(1)] string Method,
    [property: Id(2)] long[] LatencyCounts,
    [property: Id(3)] long ErrorCount);

/// <summary>One process, as it sees itself.</summary>
/// <param name="RunId">Made new at each start of the process.</param>
/// <param name="Name">Machine and process id.</param>
/// <param name="Role">What it is there for.</param>
/// <param name="IsStopping">It has been told to stop.</param>
/// <param name="Version">Version of GrainVault.</param>
/// <param name="Runtime">Actor runtime: <c>bundled</c> or <c>nuget</c>.</param>
/// <param name="UptimeSeconds">Time since its start.</param>
/// <param name="ProcessorsUsed">Processors in use, averaged over the window.</param>
/// <param name="MemoryBytes">Its working set.</param>
/// <param name="BytesInFlight">Body bytes that uploads occupy.</param>
/// <param name="WaitingUploadCount">Uploads that wait for their turn.</param>
/// <param name="ReminderCount">Reminders that it ticks.</param>
/// <param name="WindowSeconds">Time that <paramref name="Methods"/> and <paramref name="ProcessorsUsed"/> cover.</param>
/// <param name="Activations">Its activations by class.</param>
/// <param name="Methods">Methods of grains that were called in it.</param>
[GenerateSerializer, Immutable, Alias("gv.ProcessReport")]
public sealed record ProcessReport(
    [property: Id(0)] string RunId,
    [property: Id(1)] string Name,
    [property: Id(2)] ProcessRole Role,
    [property: Id(3)] bool IsStopping,
    [property: Id(4)] string Version,
    [property: Id(5)] string Runtime,
    [property: Id(6)] double UptimeSeconds,
    [property: Id(7)] double ProcessorsUsed,
    [property: Id(8)] long MemoryBytes,
    [property: Id(9)] long BytesInFlight,
    [property: Id(10)] long WaitingUploadCount,
    [property: Id(11)] long ReminderCount,
    [property: Id(12)] double WindowSeconds,
    [property: Id(13)] List<ActivationCount> Activations,
    [property: Id(14)] List<MethodCalls> Methods);

using Orleans;

namespace GrainVault.Cluster;

/// <summary>One process on the cluster's page.</summary>
/// <param name="Name">Machine and process id.</param>
/// <param name="Role">What it is there for.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="AgeSeconds">Time since its last report.</param>
/// <param name="Version">Version of GrainVault.</param>
/// <param name="Runtime">Actor runtime.</param>
/// <param name="UptimeSeconds">Time since its start, at its last report.</param>
/// <param name="ProcessorsUsed">Processors in use.</param>
/// <param name="MemoryBytes">Working set.</param>
/// <param name="BytesInFlight">Body bytes that uploads occupy.</param>
/// <param name="WaitingUploadCount">Uploads that wait for their turn.</param>
/// <param name="ReminderCount">Reminders that it ticks.</param>
/// <param name="ActivationCount">Its activations.</param>
/// <param name="CallsPerSecond">Grain calls that it served.</param>
[GenerateSerializer, Immutable, Alias("gv.ProcessStatus")]
public sealed record ProcessStatus(
    [property: Id(0)] string Name,
    [property: Id(1)] ProcessRole Role,
    [property: Id(2)] ProcessState State,
    [property: Id(3)] double AgeSeconds,
    [property: Id(4)] string Version,
    [property: Id(5)] string Runtime,
    [property: Id(6)] double UptimeSeconds,
    [property: Id(7)] double ProcessorsUsed,
    [property: Id(8)] long MemoryBytes,
    [property: Id(9)] long BytesInFlight,
    [property: Id(10)] long WaitingUploadCount,
    [property: Id(11)] long ReminderCount,
    [property: Id(12)] long ActivationCount,
    [property: Id(13)] double CallsPerSecond);

/// <summary>One method of a grain, over all processes.</summary>
/// <param name="Grain">Grain interface.</param>
/// <param name="Method">Method.</param>
/// <param name="CallsPerSecond">Calls.</param>
/// <param name="ErrorsPerSecond">Calls that ended with an exception.</param>
/// <param name="P50Seconds">Time within which half of the calls ended.</param>
/// <param name="P99Seconds">Time within which 99 % of the calls ended.</param>
[GenerateSerializer, Immutable, Alias("gv.MethodStatus")]
public sealed record MethodStatus(
    [property: Id(0)] string Grain,
    [property: Id(1)] string Method,
    [property: Id(2)] double CallsPerSecond,
    [property: Id(3)] double ErrorsPerSecond,
    [property: Id(4)] double P50Seconds,
    [property: Id(5)] double P99Seconds);

/// <summary>A silo as the members' table has it, which is what silos believe of each other.</summary>
/// <param name="Name">Name of the silo.</param>
/// <param name="Address">Address, port and generation.</param>
/// <param name="Status">Name of the status, for example <c>Active</c> or <c>Dead</c>.</param>
/// <param name="StartedAt">When it was started.</param>
/// <param name="AliveAt">Its last sign of life in the table.</param>
[GenerateSerializer, Immutable, Alias("gv.MemberStatus")]
public sealed record MemberStatus(
    [property: Id(0)] string Name,
    [property: Id(1)] string Address,
    [property: Id(2)] string Status,
    [property: Id(3)] DateTimeOffset StartedAt,
    [property: Id(4)] DateTimeOffset AliveAt);

/// <summary>The state of the cluster. Sums are over the processes that run.</summary>
/// <param name="Processes">All processes, also those that are gone for a short time.</param>
/// <param name="Members">Silos of the members' table; empty in a cluster of one.</param>
/// <param name="Activations">Activations by grain class, largest first.</param>
/// <param name="Methods">Methods by calls, busiest first.</param>
/// <param name="SiloCount">Silos that run.</param>
/// <param name="FrontEndCount">Front ends that run.</param>
/// <param name="ActivationCount">All activations.</param>
/// <param name="ReminderCount">All reminders.</param>
/// <param name="BytesInFlight">Body bytes that uploads occupy.</param>
/// <param name="CallsPerSecond">Grain calls.</param>
/// <param name="ErrorsPerSecond">Grain calls that ended with an exception.</param>
[GenerateSerializer, Immutable, Alias("gv.ClusterStatus")]
public sealed record ClusterStatus(
    [property: Id(0)] List<ProcessStatus> Processes,
    [property: Id(1)] List<MemberStatus> Members,
    [property: Id(2)] List<ActivationCount> Activations,
    [property: Id(3)] List<MethodStatus> Methods,
    [property: Id(4)] int SiloCount,
    [property: Id(5)] int FrontEndCount,
    [property: Id(6)] long ActivationCount,
    [property: Id(7)] long ReminderCount,
    [property: Id(8)] long BytesInFlight,
    [property: Id(9)] double CallsPerSecond,
    [property: Id(10)] double ErrorsPerSecond);

/// <summary>Outcome of asking for the state of the cluster.</summary>
[GenerateSerializer, Immutable, Alias("gv.ClusterStatusResult")]
public sealed record ClusterStatusResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] ClusterStatus? Status);

using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>What this process believes of the cluster.</summary>
internal interface IClusterView
{
    /// <summary>The newest snapshot.</summary>
    ClusterSnapshot Current { get; }

    /// <summary>Raised after each change, one at a time and in order; what listens must not block.</summary>
    event Action<ClusterSnapshot>? Changed;

    /// <summary>Reads the table again, unless the view has at least this version; concurrent requests share one read. A version that the
    /// table does not have is no failure.</summary>
    Task RefreshAsync(long version, CancellationToken cancellationToken);

    /// <summary>A connection to the silo broke or could not be opened: a reason to probe it at once, not a verdict.</summary>
    void Suspect(SiloAddress silo);
}

/// <summary>What silos say to one another about the cluster itself, on connections that carry nothing else.</summary>
internal interface ISiloControl
{
    /// <summary>Asks a silo whether it lives.</summary>
    /// <exception cref="Exception">It did not answer before the token was cancelled, or the connection failed.</exception>
    Task ProbeAsync(SiloAddress target, CancellationToken cancellationToken);

    /// <summary>Asks another silo to probe the target.</summary>
    /// <returns>Whether the target answered it.</returns>
    Task<bool> ProbeThroughAsync(SiloAddress intermediary, SiloAddress target, CancellationToken cancellationToken);

    /// <summary>
    /// Closes the connections to a silo that answers nothing on them, so that what waits there fails at once and the next call opens
    /// new ones: after a cut that has healed, the old ones stay silent for as long as they were cut.
    /// </summary>
    void Reset(SiloAddress target);

    /// <summary>Tells a silo that the table has reached a version. Best effort.</summary>
    void TellOfChange(SiloAddress target, long version);
}

/// <summary>What a silo answers to <see cref="ISiloControl"/>.</summary>
internal interface ISiloControlTarget
{
    /// <summary>Probes a silo for another one.</summary>
    Task<bool> ProbeForAsync(SiloAddress target, CancellationToken cancellationToken);

    /// <summary>Another silo has seen this version of the table.</summary>
    void OnChangeTold(long version);
}

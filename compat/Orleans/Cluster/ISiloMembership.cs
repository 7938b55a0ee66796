namespace Orleans.Cluster;

/// <summary>This silo's own way into the cluster and out of it, in the order of its members.</summary>
internal interface ISiloMembership
{
    /// <summary>Before the ports open: reads who was here before.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Announces the silo and makes sure that it and the others reach one another.</summary>
    /// <exception cref="Runtime.OrleansException">They don't, for longer than is tried.</exception>
    Task JoinAsync(CancellationToken cancellationToken);

    /// <summary>Takes the silo's share of the ring. It must be open.</summary>
    Task ActivateAsync(CancellationToken cancellationToken);

    /// <summary>Gives the share up and tells the others; activations still end here.</summary>
    Task BeginLeaveAsync(CancellationToken cancellationToken);

    /// <summary>Nothing runs here any more.</summary>
    Task EndLeaveAsync(CancellationToken cancellationToken);

    /// <summary>Called once when the others have declared this silo dead.</summary>
    event Action? Died;

    /// <summary>Whether <see cref="Died"/> has happened.</summary>
    bool IsDead { get; }
}

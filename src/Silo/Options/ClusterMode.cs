namespace GrainVault.Silo.Options;

/// <summary>How this process takes part in a cluster.</summary>
public enum ClusterMode
{
    /// <summary>A cluster of this one process.</summary>
    Embedded,

    /// <summary>A silo that joins a cluster, with or without a front end in the same process.</summary>
    Cohost,

    /// <summary>A front end without a silo.</summary>
    Client,
}

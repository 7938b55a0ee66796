namespace GrainVault.Silo.Cluster;

/// <summary>What a process that opens a connection to a silo is, hence which of the silo's ports is for it.</summary>
internal enum PeerRole : byte
{
    /// <summary>Another silo: the silo port.</summary>
    Silo = 1,

    /// <summary>A front end without a silo: the gateway port.</summary>
    Client = 2,
}

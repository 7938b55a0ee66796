using System.Net;
using GrainVault.TestKit.Processes;

namespace GrainVault.TestKit.Cluster;

/// <summary>How a <see cref="VaultCluster"/> is made up.</summary>
public sealed record VaultClusterSettings
{
    public int SiloCount { get; init; } = 3;

    public int FrontEndCount { get; init; } = 2;

    /// <summary>Whether a front end, by its number from 1, has a silo of its own beside the others. Default: none has.</summary>
    public Func<int, bool> HasOwnSilo { get; init; } = _ => false;

    /// <summary>Environment variables of every process, on top of those that make the cluster.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Path of the silo's program. Default: as built beside the tests.</summary>
    public string SiloProgram { get; init; } = Repository.Built("src/Silo", "GrainVault.Silo");

    /// <summary>Path of the front end's program. Default: as built beside the tests.</summary>
    public string FrontEndProgram { get; init; } = Repository.Built("src/Api", "GrainVault.Api");

    /// <summary>Address of a silo by its number from 1. Default: loopback.</summary>
    public Func<int, IPAddress> SiloAddress { get; init; } = _ => IPAddress.Loopback;

    /// <summary>Launcher of a silo by its number from 1; see <see cref="VaultMember.Launcher"/>. Default: none.</summary>
    public Func<int, IReadOnlyList<string>> SiloLauncher { get; init; } = _ => [];

    /// <summary>Where silos find what listens on a port of the loopback address. Default: there, as front ends always do.</summary>
    public Func<int, IPEndPoint> Expose { get; init; } = port => new IPEndPoint(IPAddress.Loopback, port);
}

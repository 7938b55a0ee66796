using System.Net;
using GrainVault.TestKit.Cluster;

namespace GrainVault.Bench.Cluster;

/// <summary>The clusters that are measured.</summary>
internal static class BenchCluster
{
    /// <summary>One user and one address make all the load.</summary>
    public static IReadOnlyDictionary<string, string> Unlimited { get; } = new Dictionary<string, string>
    {
        ["GrainVault__Limits__RequestsPerSecondPerUser"] = "10000000",
        ["GrainVault__Limits__RequestsPerSecondPerAddress"] = "10000000",
        ["GrainVault__Limits__AdmissionSharePerUser"] = "1",
        ["GrainVault__Limits__RequestSharePerAddress"] = "1",
        ["GrainVault__Limits__RequestSharePerUser"] = "1",
        ["GrainVault__Limits__ConnectionsPerAddressMax"] = "0",
    };

    /// <summary>Three silos, the third in a front end, and a front end that is a client of all three.</summary>
    public static Task<VaultCluster> WithBothKindsOfFrontEndAsync() => VaultCluster.StartAsync(new VaultClusterSettings
    {
        SiloCount = 2,
        FrontEndCount = 2,
        HasOwnSilo = number => number == 1,
        Environment = Unlimited,
    });

    /// <summary>Three silos and nobody else, each with an address of its own, whose database and store are behind a tap.</summary>
    public static Task<VaultCluster> OfIdleSilosAsync(TrafficTap tap, Func<int, IPAddress> address) => VaultCluster.StartAsync(new VaultClusterSettings
    {
        SiloCount = 3,
        FrontEndCount = 0,
        SiloAddress = address,
        Expose = tap.Open,
    });

    /// <summary>CPU seconds of all silos and front ends so far.</summary>
    public static double CpuSeconds(VaultCluster cluster) => cluster.Members.Sum(member => ProcessMeter.CpuSeconds(member.Pid));
}

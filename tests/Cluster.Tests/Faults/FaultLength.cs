namespace GrainVault.Cluster.Tests.Faults;

/// <summary>How long outages, pauses and partitions last: short in every run, full length with <c>GRAINVAULT_SOAK=1</c>.</summary>
internal static class FaultLength
{
    public static bool IsSoak => Environment.GetEnvironmentVariable("GRAINVAULT_SOAK") == "1";

    public static TimeSpan Outage => TimeSpan.FromSeconds(IsSoak ? 60 : 10);
}

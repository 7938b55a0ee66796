using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Cluster;

/// <summary>
/// What the cluster's page shows: every process reports here at short intervals. Nothing is kept beyond memory; a new
/// activation knows everything again after one interval. Key: <see cref="Key"/>.
/// </summary>
[Alias("gv.IClusterStatusGrain")]
public interface IClusterStatusGrain : IGrainWithStringKey
{
    /// <summary>The one key.</summary>
    public const string Key = "c-0";

    /// <summary>Takes the report of a process in; its former one is forgotten.</summary>
    [Alias("Report"), ResponseTimeout("00:00:05")]
    Task ReportAsync(ProcessReport report, CancellationToken cancellationToken = default);

    /// <summary>The state of the cluster, for administrators. Refusal: Forbidden.</summary>
    [ReadOnly, Alias("Get"), ResponseTimeout("00:00:05")]
    Task<ClusterStatusResult> GetAsync(CancellationToken cancellationToken = default);
}

/// <summary>When processes report, and when their silence means something.</summary>
public static class ReportTimes
{
    /// <summary>How often a process reports.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>A process whose last report is older than this counts as gone.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(10);
}

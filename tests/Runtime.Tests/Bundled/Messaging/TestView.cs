using Orleans.Cluster;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>A view of the cluster that a test sets. Each silo can have one of its own, for views that differ.</summary>
internal sealed class TestView : IClusterView
{
    private readonly List<SiloAddress> _suspected = [];
    private volatile ClusterSnapshot _current = ClusterSnapshot.Empty;

    public event Action<ClusterSnapshot>? Changed;

    public ClusterSnapshot Current => _current;

    /// <summary>What the next refresh finds.</summary>
    public ClusterSnapshot? Next { get; set; }

    public int RefreshCount { get; private set; }

    public IReadOnlyList<SiloAddress> Suspected
    {
        get
        {
            lock (_suspected)
                return [.. _suspected];
        }
    }

    public static ClusterSnapshot Snapshot(long version, params (SiloAddress Address, SiloStatus Status)[] silos) => new(
        version, [.. silos.Select(silo => new ClusterSilo(silo.Address, $"{silo.Address}", "test", silo.Status, 1, DateTime.UnixEpoch))]);

    public void Set(ClusterSnapshot snapshot)
    {
        _current = snapshot;
        Changed?.Invoke(snapshot);
    }

    public Task RefreshAsync(long version, CancellationToken cancellationToken)
    {
        RefreshCount++;
        if (Next is { } next)
            Set(next);
        return Task.CompletedTask;
    }

    public void Suspect(SiloAddress silo)
    {
        lock (_suspected)
            _suspected.Add(silo);
    }
}

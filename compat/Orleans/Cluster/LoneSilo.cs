using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>A cluster of this silo alone: no table, no ports, nobody to ask.</summary>
internal sealed class LoneSilo(ILocalSiloDetails local, TimeProvider time) : IClusterView, ISiloMembership
{
    private volatile ClusterSnapshot _current = ClusterSnapshot.Empty;

    public event Action<ClusterSnapshot>? Changed;

    /// <summary>Never happens: there is nobody who could declare it.</summary>
    public event Action? Died
    {
        add { }
        remove { }
    }

    public ClusterSnapshot Current => _current;

    public bool IsDead => false;

    public Task RefreshAsync(long version, CancellationToken cancellationToken) => Task.CompletedTask;

    public void Suspect(SiloAddress silo)
    {
    }

    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task JoinAsync(CancellationToken cancellationToken) => SetAsync(SiloStatus.Joining);

    public Task ActivateAsync(CancellationToken cancellationToken) => SetAsync(SiloStatus.Active);

    public Task BeginLeaveAsync(CancellationToken cancellationToken) => SetAsync(SiloStatus.ShuttingDown);

    public Task EndLeaveAsync(CancellationToken cancellationToken) => SetAsync(SiloStatus.Dead);

    private Task SetAsync(SiloStatus status)
    {
        var startedAt = _current.Silos.IsEmpty ? time.GetUtcNow().UtcDateTime : _current.Silos[0].StartTime;
        _current = new ClusterSnapshot(
            _current.Version + 1,
            [new ClusterSilo(local.SiloAddress, local.Name, local.DnsHostName, status, GatewayPort: 0, startedAt)]);
        Changed?.Invoke(_current);
        return Task.CompletedTask;
    }
}

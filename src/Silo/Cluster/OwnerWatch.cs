using GrainVault.Cluster;
using Orleans.Runtime;

namespace GrainVault.Silo.Cluster;

/// <summary>
/// Counts from the moment at which this silo first sees another one dead. It looks when it is asked, at the very membership by which
/// grains have their owners, so a new owner never misses the death that made it one.
/// </summary>
internal sealed class OwnerWatch(ISiloStatusOracle silos, TimeProvider time) : IOwnerWatch
{
    /// <summary>
    /// Longest time that a silo which was declared dead changes anything: cut off from all others it reads the table with every probe,
    /// and a statement that is under way then ends within 25 s.
    /// </summary>
    internal static readonly TimeSpan AfterlifeMax = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private HashSet<SiloAddress> _dead = [];
    private long? _lastDeathAt;

    /// <inheritdoc/>
    public bool MayBeDoubled
    {
        get
        {
            HashSet<SiloAddress> dead =
                [.. silos.GetApproximateSiloStatuses().Where(silo => silo.Value == SiloStatus.Dead).Select(silo => silo.Key)];
            lock (_gate)
            {
                // Those that were dead before this silo came count too: how long ago that was is not known.
                if (!dead.IsSubsetOf(_dead))
                    _lastDeathAt = time.GetTimestamp();
                _dead = dead;
                return _lastDeathAt is { } at && time.GetElapsedTime(at) < AfterlifeMax;
            }
        }
    }
}

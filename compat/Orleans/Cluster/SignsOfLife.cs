using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>
/// Which silos have stopped writing signs of life. What counts is that the value changes, seen by this silo's own clock: silos
/// whose clocks differ must not take one another for stale.
/// </summary>
internal sealed class SignsOfLife
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _silenceMax;
    private readonly Lock _gate = new();
    private Dictionary<SiloAddress, Sign> _signs = [];

    public SignsOfLife(IOptions<ClusterMembershipOptions> options, TimeProvider time)
    {
        _time = time;
        _silenceMax = options.Value.IAmAliveTablePublishTimeout * options.Value.NumMissedTableIAmAliveLimit;
    }

    /// <summary>Takes in what the table says now.</summary>
    internal void Observe(MembershipData data)
    {
        var now = _time.GetTimestamp();
        lock (_gate)
        {
            var signs = new Dictionary<SiloAddress, Sign>(data.Rows.Length);
            foreach (var row in data.Rows)
            {
                signs[row.Address] = !_signs.TryGetValue(row.Address, out var known)
                    ? new Sign(row.AliveTime, now, AgeByClock(row.AliveTime))
                    : known.Written == row.AliveTime ? known : new Sign(row.AliveTime, now, TimeSpan.Zero);
            }
            _signs = signs;
        }
    }

    /// <summary>Starts counting anew: nothing could be seen for a while, so silence proves nothing.</summary>
    internal void Forgive()
    {
        var now = _time.GetTimestamp();
        lock (_gate)
            _signs = _signs.ToDictionary(sign => sign.Key, sign => new Sign(sign.Value.Written, now, TimeSpan.Zero));
    }

    internal bool IsStale(SiloAddress address)
    {
        lock (_gate)
            return _signs.TryGetValue(address, out var sign) && sign.Age + _time.GetElapsedTime(sign.SeenAt) > _silenceMax;
    }

    /// <summary>The first time there is only the writer's clock to go by.</summary>
    private TimeSpan AgeByClock(DateTime written)
    {
        var age = _time.GetUtcNow().UtcDateTime - written;
        return age < TimeSpan.Zero ? TimeSpan.Zero : age;
    }

    private readonly record struct Sign(DateTime Written, long SeenAt, TimeSpan Age);
}

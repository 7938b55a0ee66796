using System.Collections.Concurrent;
using Orleans.Cluster;

namespace GrainVault.Runtime.Tests.Bundled.Cluster;

/// <summary>What silos say to one another about the cluster, with links that can be cut, one way or both.</summary>
internal sealed class MemoryNetwork(Traffic traffic)
{
    private readonly ConcurrentDictionary<SiloAddress, ISiloControlTarget> _silos = new();
    private readonly ConcurrentDictionary<(SiloAddress From, SiloAddress To), bool> _cut = new();
    private readonly ConcurrentDictionary<SiloAddress, bool> _hanging = new();

    /// <summary>Whose connections to whom were closed.</summary>
    public ConcurrentQueue<(SiloAddress From, SiloAddress To)> Resets { get; } = new();

    public void Listen(SiloAddress address, ISiloControlTarget silo) => _silos[address] = silo;

    /// <summary>As after kill -9: connections are refused.</summary>
    public void Kill(SiloAddress address) => _silos.TryRemove(address, out _);

    /// <summary>As after SIGSTOP: connections are there, and nothing is answered.</summary>
    public void Hang(SiloAddress address) => _hanging[address] = true;

    public void CutOneWay(SiloAddress from, SiloAddress to) => _cut[(from, to)] = true;

    public void Cut(SiloAddress one, SiloAddress other)
    {
        CutOneWay(one, other);
        CutOneWay(other, one);
    }

    public void Heal() => _cut.Clear();

    public ISiloControl For(Func<SiloAddress> self) => new Control(this, self);

    private async Task<ISiloControlTarget> ReachAsync(SiloAddress from, SiloAddress to, CancellationToken cancellationToken)
    {
        ISiloControlTarget? silo;
        using (traffic.Enter())
        {
            await Task.Yield();
            if (_cut.ContainsKey((from, to)) || !_silos.TryGetValue(to, out silo))
                throw new IOException($"{to} refuses {from}.");
        }
        if (_hanging.ContainsKey(to))
            await Task.Delay(Timeout.Infinite, cancellationToken);
        return silo;
    }

    private sealed class Control(MemoryNetwork network, Func<SiloAddress> self) : ISiloControl
    {
        public Task ProbeAsync(SiloAddress target, CancellationToken cancellationToken) =>
            network.ReachAsync(self(), target, cancellationToken);

        public async Task<bool> ProbeThroughAsync(SiloAddress intermediary, SiloAddress target, CancellationToken cancellationToken)
        {
            var silo = await network.ReachAsync(self(), intermediary, cancellationToken);
            return await silo.ProbeForAsync(target, cancellationToken);
        }

        public void Reset(SiloAddress target) => network.Resets.Enqueue((self(), target));

        public void TellOfChange(SiloAddress target, long version) => _ = TellAsync(target, version);

        private async Task TellAsync(SiloAddress target, long version)
        {
            try
            {
                var silo = await network.ReachAsync(self(), target, CancellationToken.None);
                silo.OnChangeTold(version);
            }
            catch (IOException)
            {
                // Gossip is best effort.
            }
        }
    }
}

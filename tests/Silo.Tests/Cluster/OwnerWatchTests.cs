using System.Net;
using System.Reflection;
using GrainVault.Silo.Cluster;
using GrainVault.TestKit;
using Orleans.Runtime;

namespace GrainVault.Silo.Tests.Cluster;

public sealed class OwnerWatchTests
{
    private readonly ManualTime _time = new();
    private readonly Dictionary<SiloAddress, SiloStatus> _silos = [];
    private readonly OwnerWatch _watch;

    public OwnerWatchTests()
    {
        _silos[Address(1)] = SiloStatus.Active;
        _silos[Address(2)] = SiloStatus.Active;
        var oracle = DispatchProxy.Create<ISiloStatusOracle, Oracle>();
        ((Oracle)(object)oracle).Silos = _silos;
        _watch = new OwnerWatch(oracle, _time);
    }

    [Fact]
    public void Nothing_is_doubled_while_silos_only_come()
    {
        Assert.False(_watch.MayBeDoubled);
        _silos[Address(3)] = SiloStatus.Joining;
        Assert.False(_watch.MayBeDoubled);
        _silos[Address(3)] = SiloStatus.Active;
        Assert.False(_watch.MayBeDoubled);
    }

    [Fact]
    public void Each_death_counts_anew_from_when_it_is_seen()
    {
        _silos[Address(2)] = SiloStatus.Dead;
        Assert.True(_watch.MayBeDoubled);
        _time.Advance(OwnerWatch.AfterlifeMax / 2);
        _silos[Address(3)] = SiloStatus.Dead;
        Assert.True(_watch.MayBeDoubled);
        _time.Advance(OwnerWatch.AfterlifeMax / 2);
        Assert.True(_watch.MayBeDoubled);
        _time.Advance(OwnerWatch.AfterlifeMax / 2);
        Assert.False(_watch.MayBeDoubled);
        // Rows of the dead are removed some day; that is no death.
        _silos.Remove(Address(2));
        Assert.False(_watch.MayBeDoubled);
    }

    private static SiloAddress Address(int number) => SiloAddress.New(IPAddress.Loopback, 11000 + number, 1);

    /// <summary>Answers the one question that is asked; the interface of the official runtime has more members.</summary>
    public class Oracle : DispatchProxy
    {
        public Dictionary<SiloAddress, SiloStatus> Silos { get; set; } = [];

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod?.Name == nameof(ISiloStatusOracle.GetApproximateSiloStatuses) ? Silos : throw new InvalidOperationException(targetMethod?.Name);
    }
}

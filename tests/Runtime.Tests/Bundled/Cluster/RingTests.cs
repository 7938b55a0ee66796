using System.Collections.Immutable;
using System.Net;
using Orleans.Cluster;

namespace GrainVault.Runtime.Tests.Bundled.Cluster;

public sealed class RingTests
{
    private const int IdCount = 100_000;

    private static readonly GrainId[] Ids =
        [.. Enumerable.Range(0, IdCount).Select(index => GrainId.Create("file", $"f-{index:x8}"))];

    [Theory]
    [InlineData(11111, 1)]
    [InlineData(40000, 152_000_000)]
    public void Three_silos_share_evenly(int port, int generation)
    {
        var shares = Shares(RingOf(3, port, generation));
        Assert.Equal(3, shares.Count);
        Assert.All(shares.Values, count => Assert.InRange(count, IdCount * 0.25, IdCount * 0.42));
    }

    [Fact]
    public void Silo_that_is_added_takes_its_share_and_moves_nothing_else()
    {
        var before = RingOf(3);
        var after = RingOf(4);
        var added = after.Silos.Except(before.Silos).Single();
        var moved = Ids.Where(id => !before.OwnerOf(id)!.Equals(after.OwnerOf(id))).ToArray();
        Assert.All(moved, id => Assert.Equal(added, after.OwnerOf(id)));
        Assert.InRange(moved.Length, IdCount * 0.18, IdCount * 0.32);
    }

    [Fact]
    public void Order_of_the_silos_does_not_matter()
    {
        var silos = RingOf(5).Silos;
        var turned = new HashRing([.. silos.Reverse()]);
        var ring = new HashRing(silos);
        Assert.All(Ids.Take(5000), id => Assert.Equal(ring.OwnerOf(id), turned.OwnerOf(id)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Ranges_hold_exactly_the_ids_of_their_owner(int siloCount)
    {
        var ring = RingOf(siloCount);
        foreach (var silo in ring.Silos)
        {
            var ranges = ring.RangesOf(silo);
            Assert.All(Ids.Take(20_000), id => Assert.Equal(
                ring.OwnerOf(id)!.Equals(silo), ranges.Any(range => range.Contains((int)id.GetUniformHashCode()))));
        }
    }

    [Fact]
    public void Ring_without_silos_owns_nothing() => Assert.Null(new HashRing([]).OwnerOf(Ids[0]));

    [Fact]
    public void Single_silo_owns_one_range_that_is_everything()
    {
        var ring = RingOf(1);
        var range = Assert.Single(ring.RangesOf(ring.Silos[0]));
        Assert.Equal(range.Begin, range.End);
        Assert.Empty(ring.RangesOf(SiloAddress.New(IPAddress.Loopback, 1, 1)));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 16)]
    [InlineData(30, 16)]
    [InlineData(30, 500)]
    public void Merged_ranges_hold_what_the_ranges_hold_and_leave_the_widest_gaps(int siloCount, int countMax)
    {
        var ring = RingOf(siloCount);
        foreach (var silo in ring.Silos)
        {
            var ranges = ring.RangesOf(silo);
            var merged = RingRange.Merge(ranges, countMax);
            Assert.Equal(Math.Min(ranges.Length, countMax), merged.Length);
            Assert.All(ranges, range => Assert.Single(merged, whole => whole.Contains(range.Begin + 1) && whole.Contains(range.End)));
            Assert.True(merged.Sum(WidthOf) <= uint.MaxValue);
            var left = GapsOf(merged).Order().ToArray();
            Assert.Equal(GapsOf(ranges).OrderDescending().Take(left.Length).Order(), left);
        }
    }

    private static long WidthOf(RingRange range) => (uint)(range.End - range.Begin);

    private static IEnumerable<long> GapsOf(ImmutableArray<RingRange> ranges) =>
        ranges.Select((range, index) => (long)(uint)(ranges[(index + 1) % ranges.Length].Begin - range.End));

    private static HashRing RingOf(int count, int port = 11111, int generation = 1) => new(
        Enumerable.Range(0, count).Select(index => SiloAddress.New(IPAddress.Parse("10.0.0.1"), port + index, generation)).ToImmutableArray());

    private static Dictionary<SiloAddress, int> Shares(HashRing ring) =>
        Ids.GroupBy(id => ring.OwnerOf(id)!).ToDictionary(group => group.Key, group => group.Count());
}

using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>
/// Places grains on silos: every silo stands at many points of a ring of 2^32, and a grain belongs to the silo whose point
/// comes next after the grain's own. A silo that joins or leaves moves only its own share.
/// </summary>
internal sealed class HashRing
{
    /// <summary>Points per silo; with 128 the shares of equal silos differ by about a tenth.</summary>
    internal const int PointCountPerSilo = 128;

    private readonly uint[] _points;
    private readonly SiloAddress[] _owners;

    internal HashRing(ImmutableArray<SiloAddress> silos)
    {
        Silos = silos;
        _points = new uint[silos.Length * PointCountPerSilo];
        _owners = new SiloAddress[_points.Length];
        // In one order everywhere, so that every process decides equally where two points collide.
        var index = 0;
        foreach (var silo in silos.Sort())
        {
            for (var point = 0; point < PointCountPerSilo; point++, index++)
            {
                _points[index] = StableHash.Compute(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{silo.ToParsableString()}#{point}")));
                _owners[index] = silo;
            }
        }
        Array.Sort(_points, _owners);
    }

    /// <summary>The silos on the ring.</summary>
    internal ImmutableArray<SiloAddress> Silos { get; }

    /// <summary>Whether all grains belong to the same silos on both.</summary>
    internal bool HasSameSilosAs(HashRing other) => Silos.Length == other.Silos.Length && Silos.All(other.Silos.Contains);

    /// <summary>The silo that a grain belongs to; null where no silo is active.</summary>
    internal SiloAddress? OwnerOf(GrainId grainId)
    {
        if (_points.Length == 0)
            return null;
        var hash = grainId.GetUniformHashCode();
        var index = Array.BinarySearch(_points, hash);
        if (index < 0)
            index = ~index;
        // Where points of two silos collide, the first one has the range before it.
        while (index > 0 && index < _points.Length && _points[index] == hash && _points[index - 1] == hash)
            index--;
        return _owners[index == _points.Length ? 0 : index];
    }

    /// <summary>The silo's parts of the ring; neighbours are joined. One range of equal ends is all of it.</summary>
    internal ImmutableArray<RingRange> RangesOf(SiloAddress silo)
    {
        if (Silos.Length == 1)
            return silo.Equals(Silos[0]) ? [new RingRange(0, 0)] : [];
        var ranges = ImmutableArray.CreateBuilder<RingRange>();
        for (var index = 0; index < _points.Length; index++)
        {
            var before = index == 0 ? _points.Length - 1 : index - 1;
            if (!_owners[index].Equals(silo) || _points[before] == _points[index])
                continue;
            var range = new RingRange((int)_points[before], (int)_points[index]);
            if (ranges.Count > 0 && ranges[^1].End == range.Begin)
                ranges[^1] = new RingRange(ranges[^1].Begin, range.End);
            else
                ranges.Add(range);
        }
        return ranges.DrainToImmutable();
    }
}

/// <summary>A part of the ring: hashes above the begin up to the end, both signed, round the ring where the begin is higher. Equal ends are all of it.</summary>
internal readonly record struct RingRange(int Begin, int End)
{
    internal static RingRange All { get; }

    internal bool Contains(int hash) => Begin < End ? hash > Begin && hash <= End : hash > Begin || hash <= End;

    /// <summary>At most this many ranges that together contain all of these, and as little as possible besides: the widest gaps stay.</summary>
    /// <param name="ranges">In the order of the ring, none touching the next.</param>
    /// <param name="countMax">How many; at least 1.</param>
    internal static ImmutableArray<RingRange> Merge(ImmutableArray<RingRange> ranges, int countMax)
    {
        if (ranges.Length <= countMax)
            return ranges;
        // Where a gap begins: behind the range of this index. Differences of hashes are distances round the ring.
        int[] gaps = [.. Enumerable.Range(0, ranges.Length)
            .OrderByDescending(index => (uint)(ranges[(index + 1) % ranges.Length].Begin - ranges[index].End))
            .Take(countMax)
            .Order()];
        return [.. gaps.Select((gap, index) => new RingRange(
            ranges[(gaps[(index + gaps.Length - 1) % gaps.Length] + 1) % ranges.Length].Begin, ranges[gap].End))];
    }
}

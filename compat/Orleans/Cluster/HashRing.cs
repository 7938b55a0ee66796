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

    /// <summary>The silo that a grain belongs to; null where no silo is active.</summary>
    internal SiloAddress? OwnerOf(GrainId grainId)
    {
        if (_points.Length == 0)
            return null;
        var index = Array.BinarySearch(_points, grainId.GetUniformHashCode());
        if (index < 0)
            index = ~index;
        return _owners[index == _points.Length ? 0 : index];
    }
}

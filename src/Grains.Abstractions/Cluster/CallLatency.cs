namespace GrainVault.Cluster;

/// <summary>
/// The buckets in which times of grain calls are counted. Processes send counts per bucket, since counts can be added up over
/// a cluster and percentiles can't.
/// </summary>
public static class CallLatency
{
    private static readonly double[] Bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    /// <summary>Upper bounds of all buckets but the last, in seconds, ascending.</summary>
    public static IReadOnlyList<double> BoundsSeconds => Bounds;

    /// <summary>
    /// The time within which a share of the calls ended, in seconds, interpolated within its bucket; the highest bound for the
    /// last bucket, which has no end; 0 without calls.
    /// </summary>
    /// <param name="counts">Calls per bucket, one more than there are bounds.</param>
    /// <param name="share">0 to 1, for example 0.99.</param>
    public static double Percentile(IReadOnlyList<long> counts, double share)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(counts.Count, Bounds.Length + 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(share, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        var rank = counts.Sum() * share;
        double before = 0;
        for (var index = 0; index < Bounds.Length; index++)
        {
            if (counts[index] > 0 && before + counts[index] >= rank)
            {
                var low = index == 0 ? 0 : Bounds[index - 1];
                return low + ((Bounds[index] - low) * Math.Max(0, rank - before) / counts[index]);
            }

            before += counts[index];
        }

        return counts[^1] > 0 ? Bounds[^1] : 0;
    }
}

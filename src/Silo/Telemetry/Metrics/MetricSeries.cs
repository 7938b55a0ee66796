namespace GrainVault.Silo.Telemetry.Metrics;

/// <summary>One series: the values of a metric under one set of labels. Written from any thread, without locks.</summary>
/// <param name="tags">The labels by name.</param>
/// <param name="labels">The same as text, without braces; empty for none.</param>
internal abstract class MetricSeries(IReadOnlyDictionary<string, string> tags, string labels)
{
    public IReadOnlyDictionary<string, string> Tags { get; } = tags;

    public string Labels { get; } = labels;

    /// <summary>The collection in which an observed value was last reported; not used for values that are recorded.</summary>
    public long Generation { get; set; }

    /// <summary>Takes a measurement in.</summary>
    public abstract void Record(double value);

    /// <summary>Adds without losing what others add at the same time.</summary>
    protected static void Add(ref double target, double value)
    {
        var current = Volatile.Read(ref target);
        while (true)
        {
            var seen = Interlocked.CompareExchange(ref target, current + value, current);
            if (BitConverter.DoubleToInt64Bits(seen) == BitConverter.DoubleToInt64Bits(current))
                return;
            current = seen;
        }
    }
}

/// <summary>One number.</summary>
/// <param name="tags">The labels by name.</param>
/// <param name="labels">The same as text.</param>
/// <param name="isSum">Measurements are added up; otherwise the last one counts.</param>
internal sealed class ValueSeries(IReadOnlyDictionary<string, string> tags, string labels, bool isSum) : MetricSeries(tags, labels)
{
    private double _value;

    public double Value => Volatile.Read(ref _value);

    public override void Record(double value)
    {
        if (isSum)
            Add(ref _value, value);
        else
            Volatile.Write(ref _value, value);
    }

    /// <summary>Takes in what was observed: the first report of a collection replaces the last collection's, more are added.</summary>
    public void Observe(double value, long generation)
    {
        var isFirst = Generation != generation;
        Generation = generation;
        Volatile.Write(ref _value, isFirst || !isSum ? value : Value + value);
    }
}

/// <summary>Counts per bucket.</summary>
/// <param name="tags">The labels by name.</param>
/// <param name="labels">The same as text.</param>
/// <param name="bounds">Upper bounds of all buckets but the last, ascending.</param>
internal sealed class HistogramSeries(IReadOnlyDictionary<string, string> tags, string labels, double[] bounds) : MetricSeries(tags, labels)
{
    private readonly long[] _counts = new long[bounds.Length + 1];
    private double _sum;

    public double Sum => Volatile.Read(ref _sum);

    /// <summary>The counts now, each bucket by itself.</summary>
    public long[] Counts()
    {
        var counts = new long[_counts.Length];
        for (var index = 0; index < counts.Length; index++)
            counts[index] = Interlocked.Read(ref _counts[index]);
        return counts;
    }

    public override void Record(double value)
    {
        if (double.IsNaN(value))
            return;
        var index = Array.BinarySearch(bounds, value);
        Interlocked.Increment(ref _counts[index < 0 ? ~index : index]);
        Add(ref _sum, value);
    }
}

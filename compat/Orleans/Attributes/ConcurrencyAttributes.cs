namespace Orleans.Concurrency;

/// <summary>A call that changes nothing: it interleaves with other read-only calls of the same activation.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadOnlyAttribute : Attribute;

/// <summary>A call that interleaves with every other call of the same activation.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AlwaysInterleaveAttribute : Attribute;

/// <summary>Lets a grain have several activations in each silo; a call always stays in the silo that makes it.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
public sealed class StatelessWorkerAttribute : Attribute
{
    /// <summary>At most as many activations per grain and silo as the machine has processors.</summary>
    public StatelessWorkerAttribute() => LocalWorkersMax = Environment.ProcessorCount;

    /// <summary>At most <paramref name="maxLocalWorkers"/> activations per grain and silo.</summary>
    /// <param name="maxLocalWorkers">From 1.</param>
    public StatelessWorkerAttribute(int maxLocalWorkers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLocalWorkers, 1);
        LocalWorkersMax = maxLocalWorkers;
    }

    internal int LocalWorkersMax { get; }
}

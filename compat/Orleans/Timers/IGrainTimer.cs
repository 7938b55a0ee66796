namespace Orleans.Runtime;

/// <summary>A timer of one activation. Its callback runs as a turn of the grain; it ends with the activation.</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Sets when the callback runs next.</summary>
    /// <param name="dueTime">From now to the next run; <see cref="Timeout.InfiniteTimeSpan"/> stops the timer.</param>
    /// <param name="period">From the end of a run to the next; <see cref="Timeout.InfiniteTimeSpan"/> for one run only.</param>
    void Change(TimeSpan dueTime, TimeSpan period);
}

using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>How a grain timer runs.</summary>
public readonly struct GrainTimerCreationOptions
{
    /// <summary>Options to be filled in.</summary>
    public GrainTimerCreationOptions()
    {
    }

    /// <summary>Options with both times.</summary>
    /// <param name="dueTime">From now to the first run; <see cref="Timeout.InfiniteTimeSpan"/> does not start the timer.</param>
    /// <param name="period">From the end of a run to the next; <see cref="Timeout.InfiniteTimeSpan"/> for one run only.</param>
    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period)
    {
        DueTime = dueTime;
        Period = period;
    }

    /// <summary>From now to the first run; <see cref="Timeout.InfiniteTimeSpan"/> does not start the timer.</summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>From the end of a run to the next; <see cref="Timeout.InfiniteTimeSpan"/> for one run only.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Whether the callback interleaves with calls and other timers. Default: false.</summary>
    public bool Interleave { get; init; }

    /// <summary>Whether a run counts as use, so that the activation is not collected as idle. Default: false.</summary>
    public bool KeepAlive { get; init; }
}

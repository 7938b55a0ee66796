using Orleans.Runtime;

namespace Orleans
{
    /// <summary>A grain that gets reminders.</summary>
    public interface IRemindable : IGrain
    {
        /// <summary>Runs at each tick, as a call. A tick can be missed or come twice.</summary>
        /// <param name="reminderName">The reminder's name.</param>
        /// <param name="status">The tick.</param>
        /// <returns>A task that ends when the grain has done its work.</returns>
        Task ReceiveReminder(string reminderName, TickStatus status);
    }
}

namespace Orleans.Runtime
{
    /// <summary>A reminder: it outlives activations and restarts.</summary>
    public interface IGrainReminder
    {
        /// <summary>The name, unique within the grain.</summary>
        string ReminderName { get; }
    }

    /// <summary>One tick of a reminder.</summary>
    /// <param name="firstTickTime">When the first tick was due, UTC.</param>
    /// <param name="period">The time between two ticks.</param>
    /// <param name="timeStamp">When this tick was sent, UTC.</param>
    [GenerateSerializer, Immutable]
    public readonly struct TickStatus(DateTime firstTickTime, TimeSpan period, DateTime timeStamp)
    {
        /// <summary>When the first tick was due, UTC.</summary>
        [Id(0)]
        public DateTime FirstTickTime { get; } = firstTickTime;

        /// <summary>The time between two ticks.</summary>
        [Id(1)]
        public TimeSpan Period { get; } = period;

        /// <summary>When this tick was sent, UTC.</summary>
        [Id(2)]
        public DateTime CurrentTickTime { get; } = timeStamp;
    }
}

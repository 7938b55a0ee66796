using Orleans.Cluster;
using Orleans.Runtime;

namespace Orleans.Reminders;

/// <summary>One stored reminder.</summary>
/// <param name="GrainId">The grain.</param>
/// <param name="Name">The name, unique within the grain.</param>
/// <param name="StartAt">When the first tick is due, UTC.</param>
/// <param name="Period">Between two ticks.</param>
/// <param name="Version">Changes with every write.</param>
internal sealed record ReminderRow(GrainId GrainId, string Name, DateTime StartAt, TimeSpan Period, string Version);

/// <summary>Where reminders are kept.</summary>
internal interface IReminderTable
{
    /// <summary>Reads the reminders of a part of the ring, in one statement.</summary>
    /// <param name="range">The part.</param>
    /// <param name="isWanted">Which of them to keep.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    Task<IReadOnlyList<ReminderRow>> ReadRangeAsync(RingRange range, Func<GrainId, bool> isWanted, CancellationToken cancellationToken);

    Task<IReadOnlyList<ReminderRow>> ReadAsync(GrainId grainId);

    Task<ReminderRow?> ReadAsync(GrainId grainId, string name);

    /// <summary>Writes a reminder, whatever was there.</summary>
    /// <returns>The new version.</returns>
    Task<string> UpsertAsync(ReminderRow row);

    /// <summary>Removes a reminder if it still has this version.</summary>
    /// <returns>Whether it was removed.</returns>
    Task<bool> RemoveAsync(GrainId grainId, string name, string version);
}

using Orleans.Runtime;

namespace Orleans.Reminders;

/// <summary>A reminder as its grain sees it.</summary>
internal sealed record Reminder(GrainId GrainId, string ReminderName, string Version) : IGrainReminder
{
    internal static Reminder Of(ReminderRow row) => new(row.GrainId, row.Name, row.Version);
}

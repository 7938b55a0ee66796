using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Cluster;
using Orleans.Runtime;

namespace Orleans.Reminders;

/// <summary>Reminders in memory.</summary>
internal sealed class MemoryReminderTable : IReminderTable
{
    private readonly ConcurrentDictionary<(GrainId Id, string Name), ReminderRow> _rows = new();
    private long _version;

    public Task<IReadOnlyList<ReminderRow>> ReadRangeAsync(RingRange range, Func<GrainId, bool> isWanted, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ReminderRow>>(
            [.. _rows.Values.Where(row => range.Contains((int)row.GrainId.GetUniformHashCode()) && isWanted(row.GrainId))]);

    public Task<IReadOnlyList<ReminderRow>> ReadAsync(GrainId grainId) =>
        Task.FromResult<IReadOnlyList<ReminderRow>>([.. _rows.Values.Where(row => row.GrainId == grainId)]);

    public Task<ReminderRow?> ReadAsync(GrainId grainId, string name) => Task.FromResult(_rows.GetValueOrDefault((grainId, name)));

    public Task<string> UpsertAsync(ReminderRow row)
    {
        var version = Interlocked.Increment(ref _version).ToString(CultureInfo.InvariantCulture);
        _rows[(row.GrainId, row.Name)] = row with { Version = version };
        return Task.FromResult(version);
    }

    public Task<bool> RemoveAsync(GrainId grainId, string name, string version) => Task.FromResult(
        _rows.TryGetValue((grainId, name), out var row)
        && row.Version == version
        && _rows.TryRemove(new KeyValuePair<(GrainId, string), ReminderRow>((grainId, name), row)));
}

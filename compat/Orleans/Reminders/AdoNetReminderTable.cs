using System.Data;
using System.Data.Common;
using System.Globalization;
using Orleans.AdoNet;
using Orleans.Cluster;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Reminders;

/// <summary>Reminders behind the official table contract.</summary>
internal sealed class AdoNetReminderTable(AdoNetReminderTableOptions options, ClusterOptions cluster) : IReminderTable, IStartsWithSilo
{
    private const string UpsertKey = "UpsertReminderRowKey";
    private const string ReadGrainKey = "ReadReminderRowsKey";
    private const string ReadOneKey = "ReadReminderRowKey";
    private const string ReadInnerRangeKey = "ReadRangeRows1Key";
    private const string ReadOuterRangeKey = "ReadRangeRows2Key";
    private const string DeleteKey = "DeleteReminderRowKey";

    private readonly AdoNetDatabase _database = new(options.Invariant, options.ConnectionString, nameof(AdoNetReminderTableOptions));

    public Task StartAsync(CancellationToken cancellationToken) =>
        _database.LoadAsync([UpsertKey, ReadGrainKey, ReadOneKey, ReadInnerRangeKey, ReadOuterRangeKey, DeleteKey], cancellationToken);

    public async Task<IReadOnlyList<ReminderRow>> ReadRangeAsync(RingRange range, Func<GrainId, bool> isWanted, CancellationToken cancellationToken)
    {
        var rows = await _database.QueryAsync(
            range.Begin < range.End ? ReadInnerRangeKey : ReadOuterRangeKey,
            [Service, ("BeginHash", DbType.Int32, range.Begin), ("EndHash", DbType.Int32, range.End)],
            // Of those that are not wanted nothing is kept.
            reader => isWanted(GrainOf(reader)) ? Read(reader) : null,
            cancellationToken);
        return [.. rows.OfType<ReminderRow>()];
    }

    public async Task<IReadOnlyList<ReminderRow>> ReadAsync(GrainId grainId) =>
        await _database.QueryAsync(ReadGrainKey, [Service, Grain(grainId)], Read, CancellationToken.None);

    public async Task<ReminderRow?> ReadAsync(GrainId grainId, string name)
    {
        var rows = await _database.QueryAsync(
            ReadOneKey, [Service, Grain(grainId), ("ReminderName", DbType.String, name)], Read, CancellationToken.None);
        return rows.Count > 0 ? rows[0] : null;
    }

    public async Task<string> UpsertAsync(ReminderRow row)
    {
        var rows = await _database.QueryAsync(
            UpsertKey,
            [
                Service,
                ("GrainHash", DbType.Int32, (int)row.GrainId.GetUniformHashCode()),
                Grain(row.GrainId),
                ("ReminderName", DbType.String, row.Name),
                ("StartTime", DbType.DateTime, row.StartAt),
                ("Period", DbType.Int64, (long)row.Period.TotalMilliseconds),
            ],
            VersionOf,
            CancellationToken.None);
        return rows.Count > 0 ? rows[0] : throw new ReminderException($"Reminder {row.Name} of {row.GrainId} was not stored.");
    }

    public async Task<bool> RemoveAsync(GrainId grainId, string name, string version)
    {
        var rows = await _database.QueryAsync(
            DeleteKey,
            [
                Service, Grain(grainId), ("ReminderName", DbType.String, name),
                ("Version", DbType.Int32, int.Parse(version, CultureInfo.InvariantCulture)),
            ],
            reader => Convert.ToInt32(reader.GetValue(0), CultureInfo.InvariantCulture),
            CancellationToken.None);
        return rows.Count > 0 && rows[0] > 0;
    }

    private (string Name, DbType Type, object? Value) Service => ("ServiceId", DbType.String, cluster.ServiceId);

    private static (string Name, DbType Type, object? Value) Grain(GrainId grainId) => ("GrainId", DbType.String, grainId.ToString());

    private static GrainId GrainOf(DbDataReader reader) => GrainId.Parse(reader.GetString(reader.GetOrdinal("GrainId")));

    private static ReminderRow Read(DbDataReader reader) => new(
        GrainOf(reader),
        reader.GetString(reader.GetOrdinal("ReminderName")),
        DateTime.SpecifyKind(reader.GetDateTime(reader.GetOrdinal("StartTime")), DateTimeKind.Utc),
        TimeSpan.FromMilliseconds(Convert.ToInt64(reader.GetValue(reader.GetOrdinal("Period")), CultureInfo.InvariantCulture)),
        VersionOf(reader));

    private static string VersionOf(DbDataReader reader) =>
        Convert.ToString(reader.GetValue(reader.GetOrdinal("Version")), CultureInfo.InvariantCulture)!;
}

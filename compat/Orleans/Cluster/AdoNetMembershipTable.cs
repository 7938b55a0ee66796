using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;
using Orleans.AdoNet;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>The membership table behind the official table contract.</summary>
internal sealed class AdoNetMembershipTable(IOptions<AdoNetClusteringSiloOptions> options, IOptions<ClusterOptions> cluster) : IMembershipTable
{
    private const string InsertVersionKey = "InsertMembershipVersionKey";
    private const string ReadAllKey = "MembershipReadAllKey";
    private const string InsertKey = "InsertMembershipKey";
    private const string UpdateKey = "UpdateMembershipKey";
    private const string UpdateAliveTimeKey = "UpdateIAmAlivetimeKey";
    private const string CleanupKey = "CleanupDefunctSiloEntriesKey";

    /// <summary>Made with the first use: the options may depend on services that start just before the silo.</summary>
    private AdoNetDatabase Database =>
        field ??= new AdoNetDatabase(options.Value.Invariant, options.Value.ConnectionString, nameof(AdoNetClusteringSiloOptions));

    public async Task InitializeAsync(CancellationToken cancellationToken)
    {
        await Database.LoadAsync([InsertVersionKey, ReadAllKey, InsertKey, UpdateKey, UpdateAliveTimeKey, CleanupKey], cancellationToken);
        await Database.QueryAsync(InsertVersionKey, [Deployment], Single, cancellationToken);
    }

    public async Task<MembershipData> ReadAllAsync(CancellationToken cancellationToken)
    {
        var rows = await Database.QueryAsync(ReadAllKey, [Deployment], Read, cancellationToken);
        if (rows.Count == 0)
            throw new OrleansException($"The membership table has no version row for cluster {cluster.Value.ClusterId}.");
        return new MembershipData(rows[0].Version, [.. rows.Where(row => row.Row is not null).Select(row => row.Row!)]);
    }

    public Task<bool> InsertAsync(MembershipRow row, int version, CancellationToken cancellationToken) => IsDoneAsync(
        InsertKey,
        [
            .. Key(row.Address), Alive(row.AliveTime),
            ("SiloName", DbType.String, row.Name),
            ("HostName", DbType.String, row.HostName),
            ("StartTime", DbType.DateTime, row.StartTime),
            ("Status", DbType.Int32, (int)row.Status),
            ("ProxyPort", DbType.Int32, row.ProxyPort),
            ("Version", DbType.Int32, version),
        ],
        cancellationToken);

    public Task<bool> UpdateAsync(MembershipRow row, int version, CancellationToken cancellationToken) => IsDoneAsync(
        UpdateKey,
        [
            .. Key(row.Address), Alive(row.AliveTime),
            ("Status", DbType.Int32, (int)row.Status),
            ("SuspectTimes", DbType.String, row.Votes.IsEmpty ? null : DeathVote.Write(row.Votes)),
            ("Version", DbType.Int32, version),
        ],
        cancellationToken);

    public Task UpdateAliveTimeAsync(SiloAddress address, DateTime aliveTime, CancellationToken cancellationToken) =>
        Database.QueryAsync(UpdateAliveTimeKey, [.. Key(address), Alive(aliveTime)], Single, cancellationToken);

    public Task RemoveDeadAsync(DateTime before, CancellationToken cancellationToken) =>
        Database.QueryAsync(CleanupKey, [Deployment, Alive(before)], Single, cancellationToken);

    private (string Name, DbType Type, object? Value) Deployment => ("DeploymentId", DbType.String, cluster.Value.ClusterId);

    private static (string Name, DbType Type, object? Value) Alive(DateTime time) => ("IAmAliveTime", DbType.DateTime, time);

    private (string Name, DbType Type, object? Value)[] Key(SiloAddress address) =>
    [
        Deployment,
        ("Address", DbType.String, address.Endpoint.Address.ToString()),
        ("Port", DbType.Int32, address.Endpoint.Port),
        ("Generation", DbType.Int32, address.Generation),
    ];

    private async Task<bool> IsDoneAsync(
        string key, (string Name, DbType Type, object? Value)[] parameters, CancellationToken cancellationToken)
    {
        var answers = await Database.QueryAsync(key, parameters, Single, cancellationToken);
        return answers.Count > 0 && answers[0] > 0;
    }

    private static int Single(DbDataReader reader) => Convert.ToInt32(reader.GetValue(0), CultureInfo.InvariantCulture);

    private static (int Version, MembershipRow? Row) Read(DbDataReader reader)
    {
        var version = Number(reader, "Version");
        if (Value(reader, "StartTime") is null)
            return (version, null);
        var endpoint = new IPEndPoint(IPAddress.Parse(Text(reader, "Address")), Number(reader, "Port"));
        return (version, new MembershipRow(
            SiloAddress.New(endpoint, Number(reader, "Generation")),
            Text(reader, "SiloName"),
            Text(reader, "HostName"),
            (SiloStatus)Number(reader, "Status"),
            Value(reader, "ProxyPort") is null ? 0 : Number(reader, "ProxyPort"),
            DeathVote.Read(Value(reader, "SuspectTimes") as string),
            Time(reader, "StartTime"),
            Time(reader, "IAmAliveTime")));
    }

    private static object? Value(DbDataReader reader, string column)
    {
        var ordinal = reader.GetOrdinal(column);
        return reader.IsDBNull(ordinal) ? null : reader.GetValue(ordinal);
    }

    private static string Text(DbDataReader reader, string column) => reader.GetString(reader.GetOrdinal(column));

    private static int Number(DbDataReader reader, string column) =>
        Convert.ToInt32(reader.GetValue(reader.GetOrdinal(column)), CultureInfo.InvariantCulture);

    private static DateTime Time(DbDataReader reader, string column) =>
        DateTime.SpecifyKind(reader.GetDateTime(reader.GetOrdinal(column)), DateTimeKind.Utc);
}

namespace GrainVault.Runtime.Tests.Sql;

public sealed class MembershipSqlTests(SqlContract sql) : IClassFixture<SqlContract>
{
    private const int Created = 1;
    private const int Active = 3;
    private const int Dead = 6;
    private static readonly DateTime Start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
    private readonly string _cluster = Guid.NewGuid().ToString("N");

    [Fact]
    public void Every_key_of_the_contract_is_there() => Assert.Empty(new[]
    {
        "GatewaysQueryKey", "MembershipReadRowKey", "MembershipReadAllKey", "InsertMembershipVersionKey", "InsertMembershipKey",
        "UpdateMembershipKey", "UpdateIAmAlivetimeKey", "DeleteMembershipTableEntriesKey", "CleanupDefunctSiloEntriesKey",
        "CleanupDefunctSiloEntryKey", "ReadFromStorageKey", "WriteToStorageKey", "ClearStorageKey", "DeleteStorageKey",
        "UpsertReminderRowKey", "ReadReminderRowsKey", "ReadReminderRowKey", "ReadRangeRows1Key", "ReadRangeRows2Key",
        "DeleteReminderRowKey", "DeleteReminderRowsKey",
    }.Except(sql.Keys));

    [Fact]
    public async Task Version_row_is_made_once_and_is_read_where_there_is_no_member()
    {
        Assert.Equal(1, await NewClusterAsync());
        Assert.Equal(0, await NewClusterAsync());
        var row = Assert.Single(await ReadAllAsync());
        Assert.Equal(0, row["Version"]);
        Assert.Null(row["StartTime"]);
        Assert.Null(Assert.Single(await ReadRowAsync(1))["StartTime"]);
    }

    [Fact]
    public async Task Insert_compares_and_bumps_the_version()
    {
        await NewClusterAsync();
        Assert.Equal(1, await InsertAsync(generation: 1, version: 0));
        Assert.Equal(0, await InsertAsync(generation: 2, version: 0));
        Assert.Equal(0, await InsertAsync(generation: 1, version: 1));
        Assert.Equal(1, await VersionAsync());
        Assert.Equal(1, await InsertAsync(generation: 2, version: 1));
        Assert.Equal(2, (await ReadAllAsync()).Count);
        var row = Assert.Single(await ReadRowAsync(2));
        Assert.Equal(("127.0.0.1", 11111, 2, "silo", "host", Created, 30000, 2), (
            row["Address"], row["Port"], row["Generation"], row["SiloName"], row["HostName"], row["Status"], row["ProxyPort"], row["Version"]));
        Assert.Equal(Start, row["StartTime"]);
        Assert.Null(row["SuspectTimes"]);
    }

    [Fact]
    public async Task Of_many_inserts_at_once_one_wins()
    {
        await NewClusterAsync();
        var answers = await Task.WhenAll(Enumerable.Range(1, 10).Select(generation => InsertAsync(generation, version: 0)));
        Assert.Equal(1, answers.Sum());
        Assert.Single(await ReadAllAsync());
        Assert.Equal(1, await VersionAsync());
    }

    [Fact]
    public async Task Update_compares_and_bumps_the_version()
    {
        await NewClusterAsync();
        await InsertAsync(generation: 1, version: 0);
        Assert.Equal(0, await UpdateAsync(generation: 1, version: 0, Active));
        Assert.Equal(0, await UpdateAsync(generation: 9, version: 1, Active));
        Assert.Equal(1, await VersionAsync());
        Assert.Equal(1, await UpdateAsync(generation: 1, version: 1, Active, "silo,time"));
        var row = Assert.Single(await ReadAllAsync());
        Assert.Equal((Active, "silo,time", 2), (row["Status"], row["SuspectTimes"], row["Version"]));
    }

    [Fact]
    public async Task Sign_of_life_changes_no_version()
    {
        await NewClusterAsync();
        await InsertAsync(generation: 1, version: 0);
        await sql.RunAsync("UpdateIAmAlivetimeKey", [.. SiloKey(1), ("IAmAliveTime", Start.AddHours(1))]);
        var row = Assert.Single(await ReadAllAsync());
        Assert.Equal((Start.AddHours(1), 1), (row["IAmAliveTime"], row["Version"]));
    }

    [Fact]
    public async Task Gateways_are_active_members_with_a_port()
    {
        await NewClusterAsync();
        await InsertAsync(generation: 1, version: 0);
        await InsertAsync(generation: 2, version: 1, proxyPort: 0);
        await UpdateAsync(generation: 2, version: 2, Active);
        Assert.Empty(await GatewaysAsync());
        await UpdateAsync(generation: 1, version: 3, Active);
        var row = Assert.Single(await GatewaysAsync());
        Assert.Equal(("127.0.0.1", 30000, 1), (row["Address"], row["ProxyPort"], row["Generation"]));
    }

    [Fact]
    public async Task Only_dead_members_are_cleaned_up()
    {
        await NewClusterAsync();
        await InsertAsync(generation: 1, version: 0);
        await InsertAsync(generation: 2, version: 1);
        await UpdateAsync(generation: 1, version: 2, Dead);
        await sql.RunAsync("CleanupDefunctSiloEntriesKey", ("DeploymentId", _cluster), ("IAmAliveTime", Start));
        Assert.Equal(2, (await ReadAllAsync()).Count);
        await sql.RunAsync("CleanupDefunctSiloEntriesKey", ("DeploymentId", _cluster), ("IAmAliveTime", Start.AddSeconds(1)));
        Assert.Equal(2, Assert.Single(await ReadAllAsync())["Generation"]);
    }

    [Fact]
    public async Task One_dead_member_is_cleaned_up_if_it_is_still_what_was_read()
    {
        await NewClusterAsync();
        await InsertAsync(generation: 1, version: 0);
        await UpdateAsync(generation: 1, version: 1, Dead, "s,t");
        await CleanOneAsync(suspectTimes: "other");
        Assert.NotNull(Assert.Single(await ReadAllAsync())["StartTime"]);
        await CleanOneAsync(suspectTimes: "s,t");
        Assert.Null(Assert.Single(await ReadAllAsync())["StartTime"]);
    }

    [Fact]
    public async Task Cluster_is_removed_with_its_version()
    {
        await NewClusterAsync();
        await InsertAsync(generation: 1, version: 0);
        await sql.RunAsync("DeleteMembershipTableEntriesKey", ("DeploymentId", _cluster));
        Assert.Empty(await ReadAllAsync());
    }

    private Task<int> NewClusterAsync() => sql.SingleAsync("InsertMembershipVersionKey", ("DeploymentId", _cluster));

    private Task<List<Dictionary<string, object?>>> ReadAllAsync() => sql.RunAsync("MembershipReadAllKey", ("DeploymentId", _cluster));

    private Task<List<Dictionary<string, object?>>> ReadRowAsync(int generation) => sql.RunAsync("MembershipReadRowKey", SiloKey(generation));

    private Task<List<Dictionary<string, object?>>> GatewaysAsync() =>
        sql.RunAsync("GatewaysQueryKey", ("DeploymentId", _cluster), ("Status", Active));

    private async Task<int> VersionAsync() => (int)(await ReadAllAsync())[0]["Version"]!;

    private Task<int> InsertAsync(int generation, int version, int proxyPort = 30000) => sql.SingleAsync(
        "InsertMembershipKey",
        [
            .. SiloKey(generation), ("SiloName", "silo"), ("HostName", "host"), ("StartTime", Start), ("IAmAliveTime", Start),
            ("Status", Created), ("ProxyPort", proxyPort), ("Version", version),
        ]);

    private Task<int> UpdateAsync(int generation, int version, int status, string suspectTimes = "") => sql.SingleAsync(
        "UpdateMembershipKey",
        [.. SiloKey(generation), ("IAmAliveTime", Start), ("Status", status), ("SuspectTimes", suspectTimes), ("Version", version)]);

    private Task CleanOneAsync(string suspectTimes) => sql.RunAsync(
        "CleanupDefunctSiloEntryKey", [.. SiloKey(1), ("SuspectTimes", suspectTimes), ("StartTime", Start), ("IAmAliveTime", Start)]);

    private (string Name, object? Value)[] SiloKey(int generation) =>
        [("DeploymentId", _cluster), ("Address", "127.0.0.1"), ("Port", 11111), ("Generation", generation)];
}

using System.Collections.Immutable;
using System.Net;
using GrainVault.Runtime.Tests.Support;
using GrainVault.TestKit;
using Orleans.Cluster;
using Orleans.Configuration;
using OptionsOf = Microsoft.Extensions.Options.Options;

namespace GrainVault.Runtime.Tests.Bundled.Cluster;

/// <summary>The table in PostgreSQL.</summary>
public sealed class MembershipTableTests : IAsyncLifetime
{
    private static readonly DateTime Start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private readonly string _clusterId = $"c-{Guid.NewGuid():N}";
    private PostgresDatabase? _database;

    public async Task InitializeAsync() => _database = await PostgresSilo.CreateDatabaseAsync();

    public async Task DisposeAsync() => await _database!.DisposeAsync();

    [Fact]
    public async Task New_cluster_has_a_version_and_no_members()
    {
        var data = await (await OpenAsync()).ReadAllAsync(CancellationToken.None);
        Assert.Equal(0, data.Version);
        Assert.Empty(data.Rows);
    }

    [Fact]
    public async Task Row_is_read_as_it_was_written()
    {
        var table = await OpenAsync();
        ImmutableArray<DeathVote> votes = [new(Address(7), Start.AddMilliseconds(123)), new(SiloAddress.New(IPAddress.IPv6Loopback, 9, 9), Start)];
        var row = Row(1) with { ProxyPort = 30000 };
        Assert.True(await table.InsertAsync(row, 0, CancellationToken.None));
        row = row with { Votes = votes, Status = SiloStatus.Dead, AliveTime = Start.AddSeconds(9) };
        Assert.True(await table.UpdateAsync(row, 1, CancellationToken.None));
        var data = await table.ReadAllAsync(CancellationToken.None);
        Assert.Equal(2, data.Version);
        var read = Assert.Single(data.Rows);
        Assert.Equal(votes, read.Votes.AsEnumerable());
        Assert.Equal(row with { Votes = [] }, read with { Votes = [] });
    }

    [Fact]
    public async Task Change_from_an_old_version_is_refused()
    {
        var table = await OpenAsync();
        Assert.True(await table.InsertAsync(Row(1), 0, CancellationToken.None));
        Assert.False(await table.InsertAsync(Row(2), 0, CancellationToken.None));
        Assert.False(await table.UpdateAsync(Row(1) with { Status = SiloStatus.Dead }, 0, CancellationToken.None));
        Assert.Equal(SiloStatus.Joining, Assert.Single((await table.ReadAllAsync(CancellationToken.None)).Rows).Status);
    }

    [Fact]
    public async Task Sign_of_life_changes_no_version_and_only_dead_rows_are_removed()
    {
        var table = await OpenAsync();
        await table.InsertAsync(Row(1), 0, CancellationToken.None);
        await table.InsertAsync(Row(2), 1, CancellationToken.None);
        await table.UpdateAsync(Row(2) with { Status = SiloStatus.Dead }, 2, CancellationToken.None);
        await table.UpdateAliveTimeAsync(Address(1), Start.AddMinutes(1), CancellationToken.None);
        await table.RemoveDeadAsync(Start.AddHours(1), CancellationToken.None);
        var data = await table.ReadAllAsync(CancellationToken.None);
        Assert.Equal(3, data.Version);
        Assert.Equal((Address(1), Start.AddMinutes(1)), (Assert.Single(data.Rows).Address, data.Rows[0].AliveTime));
    }

    [Fact]
    public async Task Eight_silos_that_join_at_once_all_become_active()
    {
        var tables = new List<AdoNetMembershipTable>();
        for (var index = 0; index < 8; index++)
            tables.Add(await OpenAsync());
        using var cluster = new TestCluster();
        var members = tables.Select((table, index) => cluster.Add($"silo-{index}", 15000 + index, TimeProvider.System, table)).ToArray();
        await Task.WhenAll(members.Select(member => Task.Run(member.StartAsync)));
        var data = await tables[0].ReadAllAsync(CancellationToken.None);
        Assert.Equal(16, data.Version);
        Assert.All(data.Rows, row => Assert.Equal(SiloStatus.Active, row.Status));
        Assert.Equal(8, data.Rows.Length);
    }

    [Fact]
    public async Task Gateways_are_those_of_active_silos()
    {
        var table = await OpenAsync();
        await table.InsertAsync(Row(1) with { ProxyPort = 30001, Status = SiloStatus.Active }, 0, CancellationToken.None);
        await table.InsertAsync(Row(2) with { ProxyPort = 30002, Status = SiloStatus.Joining }, 1, CancellationToken.None);
        await table.InsertAsync(Row(3) with { ProxyPort = 0, Status = SiloStatus.Active }, 2, CancellationToken.None);
        var gateways = new AdoNetGatewayTable(
            OptionsOf.Create(new AdoNetClusteringClientOptions { Invariant = "Npgsql", ConnectionString = _database!.ForSchema("orleans") }), Cluster());
        var gateway = Assert.Single(await gateways.ReadAsync(CancellationToken.None));
        Assert.Equal(SiloAddress.New(IPAddress.Loopback, 30001, 1), gateway);
    }

    private async Task<AdoNetMembershipTable> OpenAsync()
    {
        var table = new AdoNetMembershipTable(
            OptionsOf.Create(new AdoNetClusteringSiloOptions { Invariant = "Npgsql", ConnectionString = _database!.ForSchema("orleans") }), Cluster());
        await table.InitializeAsync(CancellationToken.None);
        return table;
    }

    private Microsoft.Extensions.Options.IOptions<ClusterOptions> Cluster() =>
        OptionsOf.Create(new ClusterOptions { ClusterId = _clusterId, ServiceId = "s" });

    private static SiloAddress Address(int generation) => SiloAddress.New(IPAddress.Loopback, 11111, generation);

    private static MembershipRow Row(int generation) =>
        new(Address(generation), $"silo-{generation}", "host", SiloStatus.Joining, 0, [], Start, Start);
}

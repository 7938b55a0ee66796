using GrainVault.Silo.Cluster;
using GrainVault.Silo.Migrations;
using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using GrainVault.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainVault.Silo.Tests.Cluster;

/// <summary>Who may join the cluster that works on a database.</summary>
public sealed class ClusterRecordTests : IAsyncLifetime
{
    private const string First = "0123456789abcdef0123456789abcdef";
    private const string Second = "fedcba9876543210fedcba9876543210";

    private PostgresDatabase _database = null!;

    private string ConnectionString => _database.ForSchema(PostgresConnections.ClusterSchema);

    public async Task InitializeAsync() => _database = await PostgresDatabase.CreateAsync("cluster", connectionString =>
        new MigrationRunner(NullLogger<MigrationRunner>.Instance, TimeProvider.System)
            .ApplyAsync(connectionString, MigrationSet.FromResources(PostgresConnections.ClusterSchema), TimeSpan.FromSeconds(30)));

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task Empty_database_takes_anybody()
    {
        Assert.False(await Create(First).CheckAsync(ConnectionString, default));

        await Create(First).RecordAsync(ConnectionString, default);

        Assert.True(await Create(First).CheckAsync(ConnectionString, default));
    }

    [Theory]
    [InlineData(Second, "blue", "vault", "GrainVault:Cluster:Secret is '(hidden)'; allowed: the secret of the cluster whose 1 silos work on this database.")]
    [InlineData(First, "green", "vault", "GrainVault:Cluster:ClusterId is 'green'; allowed: 'blue', the cluster whose 1 silos work on this database.")]
    [InlineData(First, "blue", "cellar", "GrainVault:Cluster:ServiceId is 'cellar'; allowed: 'vault', the service whose 1 silos work on this database.")]
    public async Task Stranger_is_refused_while_a_silo_lives(string secret, string clusterId, string serviceId, string line)
    {
        await Create(First).RecordAsync(ConnectionString, default);
        await AddSiloAsync("blue", status: 3, "0 s");
        var stranger = Create(secret, clusterId: clusterId, serviceId: serviceId);

        var check = await Assert.ThrowsAsync<StartRefusedException>(() => stranger.CheckAsync(ConnectionString, default));
        var record = await Assert.ThrowsAsync<StartRefusedException>(() => stranger.RecordAsync(ConnectionString, default));

        Assert.StartsWith(line, check.Message, StringComparison.Ordinal);
        Assert.Equal(check.Message, record.Message);
        Assert.DoesNotContain(secret, check.Message, StringComparison.Ordinal);
        Assert.True(await Create(First).CheckAsync(ConnectionString, default));
    }

    [Theory]
    [InlineData(6, "0 s")] // Stopped in order, or declared dead.
    [InlineData(3, "91 s")] // Killed together with everybody who could have declared it dead.
    public async Task Database_changes_hands_when_nobody_lives(int status, string age)
    {
        await Create(First).RecordAsync(ConnectionString, default);
        await AddSiloAsync("blue", status, age);
        var heir = Create(Second, clusterId: "green");

        await heir.CheckAsync(ConnectionString, default);
        await heir.RecordAsync(ConnectionString, default);

        await AddSiloAsync("green", status: 3, "0 s");
        await Assert.ThrowsAsync<StartRefusedException>(() => Create(First).CheckAsync(ConnectionString, default));
    }

    [Fact]
    public async Task Rotation_takes_old_and_new_processes_until_it_has_ended()
    {
        await Create(First).RecordAsync(ConnectionString, default);
        await AddSiloAsync("blue", status: 3, "0 s");

        await Create(Second, [First]).RecordAsync(ConnectionString, default); // The first silo with the new secret.
        await Create(First).RecordAsync(ConnectionString, default); // One with the old configuration crashed and comes again.
        await Create(Second, [First]).RecordAsync(ConnectionString, default);
        Assert.True(await Create(First).CheckAsync(ConnectionString, default));

        await Create(Second).RecordAsync(ConnectionString, default); // The first without the old one.
        await Assert.ThrowsAsync<StartRefusedException>(() => Create(First).CheckAsync(ConnectionString, default));
    }

    [Theory]
    [InlineData(3600, "The clock of this machine is 3600 s ahead of PostgreSQL's; allowed: at most 60 s")]
    [InlineData(-3600, "The clock of this machine is 3600 s behind PostgreSQL's; allowed: at most 60 s")]
    public async Task Clock_that_is_off_is_refused(int skewSeconds, string line)
    {
        var late = Create(First, time: new OffsetTime(TimeSpan.FromSeconds(skewSeconds)));

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => late.CheckAsync(ConnectionString, default));

        Assert.StartsWith(line, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_silos_that_start_at_once_agree_on_one_row()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Create(First).RecordAsync(ConnectionString, default)));

        await using var count = _database.DataSource.CreateCommand("SELECT count(*) FROM orleans.GrainVaultCluster");
        Assert.Equal(1L, await count.ExecuteScalarAsync());
    }

    private static ClusterRecord Create(string secret, string[]? previous = null, string clusterId = "blue", string serviceId = "vault", TimeProvider? time = null) => new(
        new ClusterIdentity(clusterId, serviceId, new ClusterSecrets(secret, previous ?? [])),
        TimeSpan.FromSeconds(90),
        TimeSpan.FromMinutes(1),
        time ?? TimeProvider.System,
        NullLogger<ClusterRecord>.Instance);

    private async Task AddSiloAsync(string clusterId, int status, string age)
    {
        await using var insert = _database.DataSource.CreateCommand("""
            WITH v AS (INSERT INTO orleans.OrleansMembershipVersionTable (DeploymentId) VALUES ($1) ON CONFLICT DO NOTHING)
            SELECT 1
            """);
        insert.Parameters.Add(new() { Value = clusterId });
        await insert.ExecuteNonQueryAsync();
        await using var member = _database.DataSource.CreateCommand("""
            INSERT INTO orleans.OrleansMembershipTable (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
            VALUES ($1, '127.0.0.1', 11111, 1, 's', 'h', $2, 30000, now(), now() - $3::interval)
            """);
        member.Parameters.Add(new() { Value = clusterId });
        member.Parameters.Add(new() { Value = status });
        member.Parameters.Add(new() { Value = age });
        await member.ExecuteNonQueryAsync();
    }
}

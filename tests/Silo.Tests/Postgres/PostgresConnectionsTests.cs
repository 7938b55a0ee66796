using GrainVault.Silo.Options;
using GrainVault.Silo.Postgres;
using Npgsql;

namespace GrainVault.Silo.Tests.Postgres;

public sealed class PostgresConnectionsTests
{
    [Fact]
    public void Pools_of_all_processes_stay_below_the_servers_limit()
    {
        var options = new PostgresOptions { ConnectionString = "Host=db" };
        var connections = new PostgresConnections(options);

        var perProcess = PostgresConnections.Schemas.Sum(schema => new NpgsqlConnectionStringBuilder(connections.For(schema)).MaxPoolSize);

        Assert.True(perProcess * options.ProcessCountMax < options.ServerConnectionCountMax);
        Assert.Equal(options.ConnectionCountOfAllProcesses, perProcess * options.ProcessCountMax);
    }

    [Fact]
    public void Every_schema_has_its_search_path_and_can_live_elsewhere()
    {
        var connections = new PostgresConnections(new PostgresOptions { ConnectionString = "Host=db", Identity = "Host=people" });

        Assert.Equal(["people", "db", "db"], PostgresConnections.Schemas.Select(schema => new NpgsqlConnectionStringBuilder(connections.For(schema)).Host));
        Assert.All(PostgresConnections.Schemas, schema => Assert.Equal(schema, new NpgsqlConnectionStringBuilder(connections.For(schema)).SearchPath));
    }

    [Fact]
    public void Words_of_the_operator_in_the_connection_string_win()
    {
        var connections = new PostgresConnections(new PostgresOptions { ConnectionString = "Host=db;MaxPoolSize=3;Command Timeout=7" });

        var settings = new NpgsqlConnectionStringBuilder(connections.For(PostgresConnections.CatalogueSchema));

        Assert.Equal((3, 7), (settings.MaxPoolSize, settings.CommandTimeout));
    }

    [Fact]
    public void Embedded_server_is_needed_only_while_a_schema_has_no_home()
    {
        Assert.True(new PostgresOptions().UsesEmbeddedServer);
        Assert.True(new PostgresOptions { Identity = "Host=a", Catalogue = "Host=b" }.UsesEmbeddedServer);
        Assert.False(new PostgresOptions { Identity = "Host=a", Catalogue = "Host=b", Cluster = "Host=c" }.UsesEmbeddedServer);
        Assert.False(new PostgresOptions { ConnectionString = "Host=db" }.UsesEmbeddedServer);
    }

    [Fact]
    public void Address_of_an_embedded_server_is_not_known_before_it_runs()
    {
        var connections = new PostgresConnections(new PostgresOptions());

        Assert.False(connections.AreKnown);
        Assert.Throws<InvalidOperationException>(() => connections.For(PostgresConnections.CatalogueSchema));
    }
}

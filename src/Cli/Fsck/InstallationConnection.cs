using GrainVault.Options;
using GrainVault.Silo.Migrations;
using GrainVault.Silo.Options;
using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using GrainVault.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrainVault.Cli.Fsck;

/// <summary>Database and store of an installation, found as the system itself finds them. Never migrates anything.</summary>
internal sealed class InstallationConnection : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private InstallationConnection(NpgsqlDataSource catalogue, NpgsqlDataSource identity, ServiceProvider services, JanitorOptions options, AccountOptions accounts)
    {
        Catalogue = catalogue;
        Identity = identity;
        Accounts = accounts;
        _services = services;
        Options = options;
    }

    public NpgsqlDataSource Catalogue { get; }

    /// <summary>Accounts and logins.</summary>
    public NpgsqlDataSource Identity { get; }

    /// <summary>How long tokens live.</summary>
    public AccountOptions Accounts { get; }

    public IObjectStore Store => _services.GetRequiredService<IObjectStore>();

    public JanitorOptions Options { get; }

    /// <summary>Connects.</summary>
    /// <param name="dataDirectory">Data directory of an embedded installation; null for the configured one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="StartRefusedException">A configuration value is wrong, or the schema is of another version.</exception>
    public static async Task<InstallationConnection> OpenAsync(string? dataDirectory, CancellationToken cancellationToken)
    {
        var configuration = new ConfigurationManager();
        configuration.AddEnvironmentVariables();
        if (dataDirectory is not null)
            configuration["GrainVault:Data:Directory"] = dataDirectory;
        var data = OptionsReader.Read<DataOptions>(configuration, DataOptions.Section);
        var postgres = OptionsReader.Read<PostgresOptions>(configuration, PostgresOptions.Section);
        if (postgres.UsesEmbeddedServer)
        {
            postgres.ConnectionString = ConnectionFile.TryRead(data.FullPath)
                ?? throw new StartRefusedException($"There is no GrainVault in '{data.FullPath}', and GrainVault:Postgres:ConnectionString is not set.");
        }

        var connections = new PostgresConnections(postgres);
        foreach (var schema in (string[])[PostgresConnections.CatalogueSchema, PostgresConnections.IdentitySchema])
        {
            if (await MigrationRunner.FindMismatchAsync(connections.For(schema), MigrationSet.FromResources(schema), cancellationToken) is { } mismatch)
                throw new StartRefusedException(mismatch);
        }

        var services = new ServiceCollection();
        services.AddLogging();
        services.AddObjectStore(configuration);
        // A check of everything takes as long as it takes.
        var patient = new NpgsqlConnectionStringBuilder(connections.For(PostgresConnections.CatalogueSchema)) { CommandTimeout = 0 };
        return new InstallationConnection(
            NpgsqlDataSource.Create(patient),
            NpgsqlDataSource.Create(connections.For(PostgresConnections.IdentitySchema)),
            services.BuildServiceProvider(),
            OptionsReader.Read<JanitorOptions>(configuration, JanitorOptions.Section),
            OptionsReader.Read<AccountOptions>(configuration, AccountOptions.Section));
    }

    public async ValueTask DisposeAsync()
    {
        await Catalogue.DisposeAsync();
        await Identity.DisposeAsync();
        await _services.DisposeAsync();
    }
}

using GrainVault.Options;
using GrainVault.Silo.Health;
using GrainVault.Silo.Migrations;
using GrainVault.Silo.Options;
using GrainVault.Silo.Postgres;
using GrainVault.Silo.Telemetry;
using GrainVault.Storage;
using GrainVault.Storage.Buffers;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using Orleans.Configuration;
using Orleans.Hosting;

namespace GrainVault.Silo.Hosting;

/// <summary>The one place that configures a silo, for <c>src/Silo</c> and for a front end that co-hosts one.</summary>
public static class GrainVaultSiloExtensions
{
    /// <summary>Name of the grain storage for small infrastructure state, kept in schema <c>orleans</c>; also the default storage.</summary>
    public const string GrainStorageName = "postgres";

    private const string NpgsqlInvariant = "Npgsql";

    /// <summary>
    /// What is left for front end and silo to stop; with the embedded server's own limits it stays below the 30 s that
    /// <c>./eng/up</c> promises.
    /// </summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(12);

    /// <summary>
    /// Adds the databases with their migrations, the object store, health probes and the silo, in the order in which they
    /// start; they stop in the opposite order. The data sources of the schemas are keyed services
    /// (<see cref="PostgresConnections.CatalogueSchema"/> and the like) of type <see cref="NpgsqlDataSource"/>.
    /// </summary>
    /// <exception cref="Startup.StartRefusedException">A configuration value is wrong.</exception>
    public static IHostApplicationBuilder AddGrainVaultSilo(this IHostApplicationBuilder builder)
    {
        builder.AddGrainVaultDefaults();
        builder.AddGrainVaultTelemetry();
        builder.AddPostgres();
        builder.Services.AddObjectStore(builder.Configuration);
        builder.KnownKeys().Add("Objects", typeof(ObjectsOptions));
        builder.KnownKeys().Add("Limits:PartBuffers", typeof(PartBufferOptions), isWholeSection: false);
        builder.Services.AddSingleton<IHealthProbe, PostgresProbe>();
        builder.Services.AddSingleton<IHealthProbe, ObjectStoreProbe>();
        builder.AddSilo();
        builder.AddGrains();
        return builder;
    }

    /// <summary>What grains need; after the silo, since the janitor's shards are woken when it is up.</summary>
    private static void AddGrains(this IHostApplicationBuilder builder)
    {
        builder.AddGrainVaultOptions<LimitsOptions>(LimitsOptions.Section, isWholeSection: false);
        var accounts = builder.AddGrainVaultOptions<AccountOptions>(AccountOptions.Section, isWholeSection: false);
        // Whoever starts a system on one machine signs up first, and is its administrator.
        var cluster = builder.AddGrainVaultOptions<GrainClusterOptions>(GrainClusterOptions.Section);
        if (cluster.Mode == ClusterMode.Embedded && builder.Configuration["GrainVault:Auth:FirstAccountIsAdmin"] is null)
            accounts.FirstAccountIsAdmin = true;
        builder.Services.AddGrainVaultGrains(builder.Configuration);
    }

    private static void AddGrainVaultDefaults(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.TryAddSingleton<HealthService>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        builder.AddGrainVaultOptions<DataOptions>(DataOptions.Section);
        // The host logs a failed start with its stack trace; GrainVaultHost says it in one line instead. A background
        // service that fails while running is logged as critical and still shows.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // Several lines for each request are for those who ask for them.
        if (builder.Configuration["Logging:LogLevel:Microsoft.AspNetCore"] is null)
            builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
    }

    private static void AddPostgres(this IHostApplicationBuilder builder)
    {
        builder.AddGrainVaultOptions<PostgresOptions>(PostgresOptions.Section);
        builder.Services.AddSingleton<PostgresConnections>();
        builder.Services.AddSingleton<MigrationRunner>();
        builder.Services.AddSingleton<SiloFoundation>();
        foreach (var schema in PostgresConnections.Schemas)
        {
            // Named, since metrics and spans would otherwise name it by its connection string.
            builder.Services.AddKeyedSingleton(schema, (services, _) =>
                new NpgsqlDataSourceBuilder(services.GetRequiredService<PostgresConnections>().For(schema)) { Name = schema }.Build());
        }

        // Hosted services start in the order of their registration and stop in the opposite one.
        builder.Services.AddHostedService(services => services.GetRequiredService<SiloFoundation>());
    }

    private static void AddSilo(this IHostApplicationBuilder builder)
    {
        var cluster = builder.AddGrainVaultOptions<GrainClusterOptions>(GrainClusterOptions.Section);
        var janitor = builder.AddGrainVaultOptions<JanitorOptions>(JanitorOptions.Section);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(
                PortOrFree(cluster.SiloPort),
                PortOrFree(cluster.GatewayPort),
                serviceId: cluster.ServiceId,
                clusterId: EffectiveClusterId(cluster.ClusterId));
            silo.UsePostgres();
            silo.AddActivityPropagation();
            silo.AddIncomingGrainCallFilter<GrainFaultLog>();
            silo.Configure<SiloMessagingOptions>(options =>
            {
                options.ResponseTimeout = cluster.ResponseTimeout;
                options.MaxEnqueuedRequestsHardLimit = cluster.EnqueuedRequestCountMax;
                options.MaxEnqueuedRequestsHardLimit_StatelessWorker = cluster.EnqueuedRequestCountMax;
            });
            // The janitor alone has reminders; tests let it run more often than the runtime's minimum allows.
            silo.Configure<ReminderOptions>(options =>
                options.MinimumReminderPeriod = janitor.Period < options.MinimumReminderPeriod ? janitor.Period : options.MinimumReminderPeriod);
            silo.Configure<GrainCollectionOptions>(options => options.CollectionAge = cluster.ActivationIdleMax);
        });
    }

    /// <summary>Reminders and grain state in schema <c>orleans</c>; the address is known only when the silo starts.</summary>
    private static void UsePostgres(this ISiloBuilder silo)
    {
        silo.UseAdoNetReminderService(options => options.Configure<PostgresConnections>(Set));
        silo.AddAdoNetGrainStorage(GrainStorageName, options => options.Configure<PostgresConnections>(Set));

        static void Set(object options, PostgresConnections connections)
        {
            var connectionString = connections.For(PostgresConnections.ClusterSchema);
            switch (options)
            {
                case AdoNetReminderTableOptions reminders:
                    (reminders.Invariant, reminders.ConnectionString) = (NpgsqlInvariant, connectionString);
                    break;
                case AdoNetGrainStorageOptions storage:
                    (storage.Invariant, storage.ConnectionString) = (NpgsqlInvariant, connectionString);
                    break;
            }
        }
    }

    /// <summary>The bundled runtime never shares a membership with official silos.</summary>
    private static string EffectiveClusterId(string clusterId) =>
        RuntimeInfo.Current.IsBundled ? $"{clusterId}-{RuntimeInfo.Bundled}" : clusterId;

    private static int PortOrFree(int port) => port != 0 ? port : LoopbackPorts.FindFree();
}

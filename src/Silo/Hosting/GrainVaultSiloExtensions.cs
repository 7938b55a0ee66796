using GrainVault.Options;
using GrainVault.Silo.Health;
using GrainVault.Silo.Migrations;
using GrainVault.Silo.Options;
using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using GrainVault.Silo.Store;
using Npgsql;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;

namespace GrainVault.Silo.Hosting;

/// <summary>The one place that configures a silo, for <c>src/Silo</c> and for a front end that co-hosts one.</summary>
public static class GrainVaultSiloExtensions
{
    /// <summary>Name of the grain storage for small infrastructure state, kept in schema <c>orleans</c>; also the default storage.</summary>
    public const string GrainStorageName = "postgres";

    /// <summary>
    /// Adds the databases with their migrations, the object store, health probes and the silo, in the order in which they
    /// start; they stop in the opposite order. The data sources of the schemas are keyed services
    /// (<see cref="PostgresConnections.CatalogueSchema"/> and the like) of type <see cref="NpgsqlDataSource"/>.
    /// <see cref="GrainClusterOptions.Mode"/> decides whether the silo is a cluster of its own or joins one.
    /// </summary>
    /// <exception cref="StartRefusedException">A configuration value is wrong.</exception>
    public static IHostApplicationBuilder AddGrainVaultSilo(this IHostApplicationBuilder builder)
    {
        builder.AddGrainVaultDefaults();
        var cluster = builder.AddGrainVaultOptions<GrainClusterOptions>(GrainClusterOptions.Section);
        if (cluster.Mode == ClusterMode.Client)
            throw new StartRefusedException("GrainVault:Cluster:Mode is 'client'; allowed: embedded, cohost (this process is a silo).");
        builder.AddDatabases();
        ClusterRules.Check(cluster, builder.AddGrainVaultOptions<PostgresOptions>(PostgresOptions.Section), builder.Configuration);
        builder.AddStore();
        builder.AddSilo(cluster);
        builder.AddGrains(cluster);
        builder.AddBucketCheck();
        return builder;
    }

    /// <summary>What grains need; after the silo, since the janitor's shards are woken when it is up.</summary>
    private static void AddGrains(this IHostApplicationBuilder builder, GrainClusterOptions cluster)
    {
        builder.AddGrainVaultOptions<LimitsOptions>(LimitsOptions.Section, isWholeSection: false);
        var accounts = builder.AddGrainVaultOptions<AccountOptions>(AccountOptions.Section, isWholeSection: false);
        // Whoever starts a system on one machine signs up first, and is its administrator.
        if (cluster.Mode == ClusterMode.Embedded && builder.Configuration["GrainVault:Auth:FirstAccountIsAdmin"] is null)
            accounts.FirstAccountIsAdmin = true;
        builder.Services.AddGrainVaultGrains(builder.Configuration);
    }

    private static void AddDatabases(this IHostApplicationBuilder builder)
    {
        builder.AddPostgresConnections(PostgresConnections.Schemas);
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

    private static void AddSilo(this IHostApplicationBuilder builder, GrainClusterOptions cluster)
    {
        var janitor = builder.AddGrainVaultOptions<JanitorOptions>(JanitorOptions.Section);
        builder.AddGrainVaultOptions<DirectOptions>(DirectOptions.Section);
        builder.AddGrainVaultOptions<IngestOptions>(IngestOptions.Section, isWholeSection: false);
        builder.AddGrainVaultOptions<ShareLinkOptions>(ShareLinkOptions.Section);
        builder.AddGrainVaultOptions<WebhookOptions>(WebhookOptions.Section);
        builder.AddGrainVaultOptions<ChangesOptions>(ChangesOptions.Section, isWholeSection: false);
        builder.AddGrainVaultOptions<InboxOptions>(InboxOptions.Section);
        builder.AddGrainVaultOptions<AuditOptions>(AuditOptions.Section);
        builder.AddGrainVaultOptions<StorageActivityOptions>(StorageActivityOptions.Section);
        builder.UseOrleans(silo =>
        {
            if (cluster.Mode == ClusterMode.Embedded)
                silo.UseClusterOfOne(cluster);
            else
                silo.UseSharedCluster(cluster);
            silo.UsePostgres();
            silo.AddActivityPropagation();
            silo.AddDashboard();
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
        if (cluster.Mode != ClusterMode.Embedded)
            builder.Services.AddSingleton<IHealthProbe, ClusterProbe>();
    }

    /// <summary>Reminders and grain state in schema <c>orleans</c>; the address is known only when the silo starts.</summary>
    private static void UsePostgres(this ISiloBuilder silo)
    {
        silo.UseAdoNetReminderService(options => options.Configure<PostgresConnections>((reminders, connections) =>
            (reminders.Invariant, reminders.ConnectionString) = (ClusterServices.NpgsqlInvariant, connections.ClusterDatabase())));
        silo.AddAdoNetGrainStorage(GrainStorageName, options => options.Configure<PostgresConnections>((storage, connections) =>
            (storage.Invariant, storage.ConnectionString) = (ClusterServices.NpgsqlInvariant, connections.ClusterDatabase())));
    }
}

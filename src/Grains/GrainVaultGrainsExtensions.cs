using GrainVault.Accounts;
using GrainVault.Administration;
using GrainVault.Audit;
using GrainVault.Changes;
using GrainVault.Cluster;
using GrainVault.Data;
using GrainVault.Files;
using GrainVault.Inbox;
using GrainVault.Ingest;
using GrainVault.Links;
using GrainVault.Maintenance;
using GrainVault.Options;
using GrainVault.Resilience;
using GrainVault.Uploads;
using GrainVault.Webhooks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GrainVault;

/// <summary>Registration of what grains need.</summary>
public static class GrainVaultGrainsExtensions
{
    /// <summary>Name of the configuration section that all options are below.</summary>
    private const string Root = "GrainVault";

    /// <summary>
    /// Adds repositories, domain services and the janitor. The host provides the object store, a <see cref="TimeProvider"/>,
    /// and the data sources as keyed services (<see cref="IdentityDatabase.Key"/>, <see cref="CatalogueDatabase.Key"/>); options
    /// that it has registered already are left alone.
    /// </summary>
    public static IServiceCollection AddGrainVaultGrains(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSection<LimitsOptions>(configuration, LimitsOptions.Section);
        services.AddSection<IngestOptions>(configuration, IngestOptions.Section);
        services.AddSection<InboxOptions>(configuration, InboxOptions.Section);
        services.AddSection<DirectOptions>(configuration, DirectOptions.Section);
        services.AddSection<ShareLinkOptions>(configuration, ShareLinkOptions.Section);
        services.AddSection<AccountOptions>(configuration, AccountOptions.Section);
        services.AddSection<AuditOptions>(configuration, AuditOptions.Section);
        services.AddSection<StorageActivityOptions>(configuration, StorageActivityOptions.Section);
        services.AddSection<ChangesOptions>(configuration, ChangesOptions.Section);
        services.AddSection<WebhookOptions>(configuration, WebhookOptions.Section);
        services.AddSection<JanitorOptions>(configuration, JanitorOptions.Section);

        services.AddSection<ResilienceOptions>(configuration, ResilienceOptions.Section);
        services.TryAddSingleton<Breakers>();
        services.AddSingleton<IdentityDatabase>();
        services.AddSingleton<CatalogueDatabase>();
        services.AddSingleton<InstallationStore>();

        services.AddSingleton<PasswordService>();
        services.AddSingleton<AccountRepository>();
        services.AddSingleton<RevocationRepository>();
        services.AddSingleton<UserRepository>();
        services.AddSingleton<UserDirectory>();
        services.AddSingleton<StoreCallRepository>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<AuditListing>();
        services.AddSingleton<AuditPruning>();
        services.AddSingleton<AuditQueue>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditQueue>());

        services.TryAddSingleton<IOwnerWatch, OnlyOwner>();
        services.AddSingleton<FileRepository>();
        services.AddSingleton<FolderRepository>();
        services.AddSingleton<VersionRepository>();
        services.AddSingleton<ConflictCopies>();
        services.AddSingleton<ShareRepository>();
        services.AddSingleton<LinkRepository>();
        services.AddSingleton<LinkTickets>();
        services.AddSingleton<ShortcutTargets>();
        services.AddSingleton<EntryRoles>();
        services.AddSingleton<TransferRepository>();
        services.AddSingleton<ListCursors>();
        services.AddSingleton<FolderSearch>();
        services.AddSingleton<EntryListing>();
        services.AddSingleton<ArchiveListing>();
        services.AddSingleton<TrashRepository>();

        services.AddSingleton<FeedRepository>();
        services.AddSingleton<FeedCursors>();
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<FeedWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<FeedWatch>());
        services.AddSingleton<WebhookRepository>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<WebhookBook>();

        services.AddSingleton<UploadRepository>();
        services.AddSingleton<UploadListing>();
        services.AddSingleton<PartLedger>();
        services.AddSingleton<DirectLedger>();
        services.AddSingleton<IngestRepository>();
        services.AddSingleton<InboxRepository>();
        services.AddSingleton<InboxAdoption>();
        services.AddSingleton<InboxListing>();
        services.AddSingleton<InboxLevels>();
        services.AddSingleton<ContentHasher>();
        services.AddSingleton<PossessionProofs>();
        services.AddSingleton<StoreWriteGate>();

        services.AddSingleton<SweepGuard>();
        services.AddSingleton<JanitorRepository>();
        services.AddSingleton<GarbageCollector>();
        services.AddSingleton<LeakLevels>();
        services.AddSingleton<OrphanSweep>();
        services.AddSingleton<ChecksumBackfill>();
        services.AddHostedService<JanitorStart>();
        return services;
    }

    private static void AddSection<T>(this IServiceCollection services, IConfiguration configuration, string section)
        where T : class, new()
    {
        services.AddOptions<T>()
            .Bind(configuration.GetSection($"{Root}:{section}"))
            .ValidateDataAnnotations()
            .ValidateOnStart();
    }
}

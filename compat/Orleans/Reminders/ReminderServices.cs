using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Reminders;

/// <summary>Registers the reminder service with its table.</summary>
internal static class ReminderServices
{
    internal static void AddMemory(IServiceCollection services)
    {
        services.TryAddSingleton<ReminderService>();
        services.TryAddSingleton<IReminderTable, MemoryReminderTable>();
    }

    internal static void AddAdoNet(IServiceCollection services)
    {
        services.TryAddSingleton<ReminderService>();
        services.TryAddSingleton(static provider => new AdoNetReminderTable(
            provider.GetRequiredService<IOptions<AdoNetReminderTableOptions>>().Value,
            provider.GetRequiredService<IOptions<ClusterOptions>>().Value));
        services.TryAddSingleton<IReminderTable>(static provider => provider.GetRequiredService<AdoNetReminderTable>());
        services.AddSingleton<IStartsWithSilo>(static provider => provider.GetRequiredService<AdoNetReminderTable>());
    }
}

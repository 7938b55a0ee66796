using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Reminders;

namespace Orleans.Hosting;

/// <summary>Reminders in a table behind an ADO.NET provider: they survive restarts.</summary>
public static class SiloBuilderReminderExtensions
{
    /// <summary>Keeps reminders in a table.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configureOptions">Sets how to reach the table.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder UseAdoNetReminderService(this ISiloBuilder builder, Action<AdoNetReminderTableOptions> configureOptions) =>
        builder.UseAdoNetReminderService((OptionsBuilder<AdoNetReminderTableOptions> options) => options.Configure(configureOptions));

    /// <summary>Keeps reminders in a table.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configureOptions">Sets how to reach the table.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder UseAdoNetReminderService(
        this ISiloBuilder builder, Action<OptionsBuilder<AdoNetReminderTableOptions>> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        configureOptions(builder.Services.AddOptions<AdoNetReminderTableOptions>());
        ReminderServices.AddAdoNet(builder.Services);
        return builder;
    }
}

/// <summary>Reminders in memory, which end with the silo.</summary>
public static class SiloBuilderReminderMemoryExtensions
{
    /// <summary>Keeps reminders in memory.</summary>
    /// <param name="builder">The silo.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder UseInMemoryReminderService(this ISiloBuilder builder)
    {
        ReminderServices.AddMemory(builder.Services);
        return builder;
    }
}

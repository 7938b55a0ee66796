using GrainVault.Silo.Options;

namespace GrainVault.Silo.Hosting;

/// <summary>What is different where the silo is the whole program.</summary>
internal static class SiloProgramExtensions
{
    private const string ModeKey = $"{OptionsReader.Root}:{GrainClusterOptions.Section}:{nameof(GrainClusterOptions.Mode)}";

    /// <summary>
    /// A silo with a database that others can reach joins a cluster where nothing else is said. It serves no clients:
    /// <c>ASPNETCORE_URLS</c> belongs to front ends, and health is asked at an address of its own.
    /// </summary>
    public static void UseSiloDefaults(this WebApplicationBuilder builder)
    {
        var postgres = builder.AddGrainVaultOptions<PostgresOptions>(PostgresOptions.Section);
        if (string.IsNullOrEmpty(builder.Configuration[ModeKey]) && !postgres.UsesEmbeddedServer)
            builder.Configuration[ModeKey] = nameof(ClusterMode.Cohost);
        builder.WebHost.UseUrls(builder.AddGrainVaultOptions<GrainClusterOptions>(GrainClusterOptions.Section).HealthUrl);
    }
}

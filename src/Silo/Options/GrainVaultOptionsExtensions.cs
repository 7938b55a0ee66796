namespace GrainVault.Silo.Options;

/// <summary>Registration of options of section <c>GrainVault</c>.</summary>
public static class GrainVaultOptionsExtensions
{
    /// <summary>
    /// Reads and checks a section now and registers the result, as <typeparamref name="T"/> and as
    /// <c>IOptions&lt;T&gt;</c>. Calling it twice for the same class returns the first result.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="section">Section below <c>GrainVault</c>, for example <c>Limits</c>.</param>
    /// <param name="isWholeSection">False when other processes read more keys of the section.</param>
    /// <exception cref="Startup.StartRefusedException">A value is wrong.</exception>
    public static T AddGrainVaultOptions<T>(this IHostApplicationBuilder builder, string section, bool isWholeSection = true)
        where T : class, new()
    {
        if (builder.Services.FirstOrDefault(service => service.ServiceType == typeof(T))?.ImplementationInstance is T existing)
            return existing;
        var options = OptionsReader.Read<T>(builder.Configuration, section);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(Microsoft.Extensions.Options.Options.Create(options));
        builder.KnownKeys().Add(section, typeof(T), isWholeSection);
        return options;
    }

    /// <summary>The registry of keys that this process understands.</summary>
    public static KnownKeys KnownKeys(this IHostApplicationBuilder builder)
    {
        if (builder.Services.FirstOrDefault(service => service.ServiceType == typeof(KnownKeys))?.ImplementationInstance is KnownKeys existing)
            return existing;
        var keys = new KnownKeys();
        builder.Services.AddSingleton(keys);
        return keys;
    }
}

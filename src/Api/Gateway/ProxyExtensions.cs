using GrainVault.Silo.Options;
using Microsoft.AspNetCore.HttpOverrides;

namespace GrainVault.Api.Gateway;

/// <summary>The client's address and scheme behind proxies that the operator knows.</summary>
internal static class ProxyExtensions
{
    /// <summary>Reads <c>GrainVault:Proxies</c>.</summary>
    public static void AddKnownProxies(this WebApplicationBuilder builder)
    {
        var settings = builder.AddGrainVaultOptions<ProxySettings>(ProxySettings.Section);
        builder.Services.Configure<ForwardedHeadersOptions>(options =>
        {
            options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            options.ForwardLimit = settings.HopCountMax;
            // Loopback is known by default; a process on this machine is no proxy unless the operator says so.
            options.KnownProxies.Clear();
            options.KnownIPNetworks.Clear();
            foreach (var network in settings.Networks())
                options.KnownIPNetworks.Add(network);
        });
    }

    /// <summary>Replaces the connection's address by the client's. It stands before everything that asks for either.</summary>
    public static void UseKnownProxies(this WebApplication app)
    {
        if (app.Services.GetRequiredService<ProxySettings>().Known.Count > 0)
            app.UseForwardedHeaders();
    }
}

using GrainVault.Api.Http;
using GrainVault.Silo.Hosting;

namespace GrainVault.Api.Hosting;

/// <summary>The access log of a front end.</summary>
internal static class AccessLogExtensions
{
    /// <summary>Adds the access log in the format of the console.</summary>
    public static void AddAccessLog(this WebApplicationBuilder builder)
    {
        var isJson = builder.IsConsoleJson();
        builder.Services.AddSingleton(provider => new AccessLog(provider.GetRequiredService<ILoggerFactory>(), Console.Out, isJson));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<AccessLog>());
        builder.Services.AddSingleton<IExternalScopeProvider>(new MaskedScopes(new RequestScopes()));
    }
}

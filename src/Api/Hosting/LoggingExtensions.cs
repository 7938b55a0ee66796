using GrainVault.Api.Http;
using Microsoft.Extensions.Logging.Console;

namespace GrainVault.Api.Hosting;

/// <summary>Logs on the console: JSON lines for machines, single lines for a person at a terminal.</summary>
internal static class LoggingExtensions
{
    private const string FormatterKey = "Logging:Console:FormatterName";

    /// <summary>Adds the access log in the format of the console.</summary>
    public static void AddAccessLog(this WebApplicationBuilder builder)
    {
        var isJson = builder.Configuration[FormatterKey] is { Length: > 0 } name ? name == ConsoleFormatterNames.Json : Console.IsOutputRedirected;
        builder.Services.AddSingleton(provider => new AccessLog(provider.GetRequiredService<ILoggerFactory>(), Console.Out, isJson));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<AccessLog>());
    }

    /// <summary>Chooses the format where <c>Logging:Console:FormatterName</c> does not.</summary>
    public static void AddConsoleFormat(this WebApplicationBuilder builder)
    {
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        if (!string.IsNullOrEmpty(builder.Configuration[FormatterKey]))
            return;
        if (Console.IsOutputRedirected)
        {
            builder.Logging.AddJsonConsole(json =>
            {
                json.IncludeScopes = true;
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else
        {
            builder.Logging.AddSimpleConsole(simple =>
            {
                simple.SingleLine = true;
                simple.ColorBehavior = LoggerColorBehavior.Default;
                simple.TimestampFormat = "HH:mm:ss.fff ";
            });
        }
    }
}

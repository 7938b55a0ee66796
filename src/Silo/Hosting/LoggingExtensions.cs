using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace GrainVault.Silo.Hosting;

/// <summary>Logs on the console: JSON lines for machines, single lines for a person at a terminal.</summary>
public static class LoggingExtensions
{
    private const string FormatterKey = "Logging:Console:FormatterName";
    private const string ScopesKey = "Logging:Console:FormatterOptions:IncludeScopes";

    /// <summary>True when the console gets JSON lines: it is not a terminal, or <c>Logging:Console:FormatterName</c> says so.</summary>
    public static bool IsConsoleJson(this IHostApplicationBuilder builder) =>
        builder.Configuration[FormatterKey] is { Length: > 0 } name ? name == ConsoleFormatterNames.Json : Console.IsOutputRedirected;

    /// <summary>Chooses the format where <c>Logging:Console:FormatterName</c> does not, and puts the request id on every JSON line.</summary>
    public static void AddConsoleFormat(this IHostApplicationBuilder builder)
    {
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Services.TryAddSingleton<IExternalScopeProvider, RequestScopes>();
        if (builder.IsConsoleJson())
        {
            builder.Logging.AddJsonConsole(json =>
            {
                json.IncludeScopes = builder.Configuration.GetValue(ScopesKey, defaultValue: true);
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        }
        else if (string.IsNullOrEmpty(builder.Configuration[FormatterKey]))
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

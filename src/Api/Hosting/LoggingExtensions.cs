using Microsoft.Extensions.Logging.Console;

namespace GrainVault.Api.Hosting;

/// <summary>Logs on the console: JSON lines for machines, single lines for a person at a terminal.</summary>
internal static class LoggingExtensions
{
    private const string FormatterKey = "Logging:Console:FormatterName";

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

using GrainVault.Silo.Hosting;
using GrainVault.Silo.Options;
using GrainVault.Silo.Startup;

namespace GrainVault.Silo.Postgres;

/// <summary>
/// <c>GrainVault.Silo postgres</c>: the embedded server as a program of its own, in the foreground, for several silos and
/// front ends on one machine. The data directory is the same as with the server inside a front end.
/// </summary>
internal static class PostgresProgram
{
    /// <summary>First argument that asks for this program.</summary>
    public const string Name = "postgres";

    private const string KeepPort = "--keep-port";
    private const string ReadyFile = "--ready-file";

    /// <summary>Builds the program.</summary>
    /// <param name="arguments"><c>--keep-port</c>: the port is known to others already. <c>--ready-file PATH</c>: made when the server answers.</param>
    /// <exception cref="StartRefusedException">An argument or a configuration value is wrong.</exception>
    public static IHost Build(IReadOnlyList<string> arguments)
    {
        var (mayMovePort, readyFile) = Parse(arguments);
        var builder = Host.CreateApplicationBuilder();
        builder.AddConsoleFormat();
        builder.Services.AddSingleton(TimeProvider.System);
        var data = builder.AddGrainVaultOptions<DataOptions>(DataOptions.Section);
        var options = builder.AddGrainVaultOptions<PostgresOptions>(PostgresOptions.Section);
        if (!options.UsesEmbeddedServer)
            throw new StartRefusedException("GrainVault:Postgres:ConnectionString is '(hidden)'; allowed: nothing, for a program that is the server.");
        var settings = EmbeddedPostgresSettings.From(data, options) with { MayMovePort = mayMovePort };
        builder.Services.AddHostedService(services => new Server(
            settings, readyFile, services.GetRequiredService<ILogger<EmbeddedPostgres>>(), services.GetRequiredService<TimeProvider>()));
        // The server has time limits of its own for its stop.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        return builder.Build();
    }

    private static (bool MayMovePort, string? ReadyFile) Parse(IReadOnlyList<string> arguments)
    {
        var mayMovePort = true;
        string? readyFile = null;
        for (var index = 0; index < arguments.Count; index++)
        {
            if (arguments[index] == KeepPort)
                mayMovePort = false;
            else if (arguments[index] == ReadyFile && index + 1 < arguments.Count)
                readyFile = arguments[++index];
            else
                throw new StartRefusedException($"'{arguments[index]}' is no argument of {Name}; allowed: {KeepPort}, {ReadyFile} PATH.");
        }

        return (mayMovePort, readyFile);
    }

    private sealed class Server(EmbeddedPostgresSettings settings, string? readyFile, ILogger logger, TimeProvider time) : IHostedService
    {
        private EmbeddedPostgres? _server;

        public async Task StartAsync(CancellationToken cancellationToken)
        {
            _server = await EmbeddedPostgres.StartAsync(settings, logger, time, cancellationToken);
            if (readyFile is not null)
                await File.WriteAllTextAsync(readyFile, "", cancellationToken);
        }

        public async Task StopAsync(CancellationToken cancellationToken)
        {
            if (_server is not null)
                await _server.DisposeAsync();
        }
    }
}

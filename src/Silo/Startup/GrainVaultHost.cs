using System.Runtime.InteropServices;
using GrainVault.Silo.Hosting;
using GrainVault.Silo.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Silo.Startup;

/// <summary>
/// Runs a program of GrainVault from its first line to its exit code. What an operator can mend ends it with one line on
/// standard error and exit code 2, without a stack trace.
/// </summary>
public static partial class GrainVaultHost
{
    private const int ExitCodeOfBugs = 1;

    /// <summary>Builds the program, brings its databases up and serves until SIGTERM or SIGINT.</summary>
    /// <param name="build">Builds the application; what it throws counts as a failed start.</param>
    /// <returns>The exit code: 0 after an orderly stop, or what a part of the program has set when it stopped the rest.</returns>
    public static async Task<int> RunAsync(Func<IHost> build)
    {
        using var stopping = new CancellationTokenSource();
        // Before the host listens to signals itself, a start can last as long as a crash recovery.
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stopping));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stopping));
        HostFault? fault = null;
        try
        {
            using var app = build();
            CheckOptions(app);
            fault = app.Services.GetService<HostFault>();
            if (app.Services.GetService<SiloFoundation>() is { } foundation)
                await foundation.StartAsync(stopping.Token);
            await app.RunAsync(stopping.Token);
            return fault?.Refusal is { } refusal ? await RefuseAsync(StartFailure.Describe(refusal)!) : Environment.ExitCode;
        }
        catch (Exception) when (fault?.Refusal is { } refusal)
        {
            return await RefuseAsync(StartFailure.Describe(refusal)!);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception exception) when (StartFailure.Describe(exception) is { } line)
        {
            return await RefuseAsync(line);
        }
        catch (Exception exception)
        {
            await Console.Error.WriteLineAsync(exception.ToString());
            return ExitCodeOfBugs;
        }
    }

    /// <summary>Refuses misspelt keys and values that a validator of any component rejects, before anything has started.</summary>
    internal static void CheckOptions(IHost app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(GrainVaultHost));
        foreach (var key in app.Services.GetRequiredService<KnownKeys>().RefuseMisspelt(app.Services.GetRequiredService<IConfiguration>()))
            LogIgnored(logger, key);
        app.Services.GetService<IStartupValidator>()?.Validate();
    }

    private static async Task<int> RefuseAsync(string line)
    {
        await Console.Error.WriteLineAsync(line);
        return StartRefusedException.ExitCode;
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stopping)
    {
        context.Cancel = true;
        stopping.Cancel();
    }

    [LoggerMessage(1043, LogLevel.Warning, "{Key} is set, but nothing reads it; it is ignored")]
    private static partial void LogIgnored(ILogger logger, string key);
}

using System.CommandLine;
using GrainVault.Silo.Startup;
using GrainVault.Silo.Store;
using GrainVault.Storage;
using GrainVault.Storage.S3.Setup;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace GrainVault.Cli.Store;

/// <summary><c>grainvault store setup</c> and <c>grainvault store check</c>: what the bucket has to be told.</summary>
internal static class StoreCommand
{
    private const int Fine = 0;
    private const int Problems = 1;
    private const int CannotRun = 2;

    /// <summary>The verb with its two parts.</summary>
    public static Command Create()
    {
        var command = new Command("store", "Prepares the bucket for uploads straight to it: CORS, lifecycle, notifications. Exit code: 0 all is there, 1 something is missing, 2 could not run.");
        command.Subcommands.Add(Part("setup", "Sets what is missing; what others have configured stays.", isApplied: true));
        command.Subcommands.Add(Part("check", "Says what is missing and changes nothing.", isApplied: false));
        return command;
    }

    private static Command Part(string name, string description, bool isApplied)
    {
        var command = new Command(name, description);
        command.SetAction((_, cancellationToken) => RunAsync(isApplied, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool isApplied, CancellationToken cancellationToken)
    {
        try
        {
            var configuration = new ConfigurationManager();
            configuration.AddEnvironmentVariables();
            var options = Read(configuration);
            if (options.Provider != ObjectsOptions.S3Provider)
            {
                Console.WriteLine("Objects:Provider is 'disk': there is no bucket to prepare");
                return Fine;
            }

            using var setup = new BucketSetup(options.S3, BucketPlans.Read(configuration));
            var lines = isApplied ? await setup.ApplyAsync(cancellationToken) : await setup.CheckAsync(cancellationToken);
            foreach (var line in lines)
                Console.WriteLine($"{NameOf(line.State),-12} {line.Thing,-14} {line.Detail}");
            return lines.All(line => line.IsFine) ? Fine : Problems;
        }
        catch (StartRefusedException exception)
        {
            return await FailAsync(exception.Message);
        }
        catch (OptionsValidationException exception)
        {
            return await FailAsync(string.Join(" ", exception.Failures));
        }
        catch (ObjectStoreException exception)
        {
            return await FailAsync(exception.Message);
        }
    }

    private static ObjectsOptions Read(IConfiguration configuration)
    {
        using var services = new ServiceCollection().AddLogging().AddObjectStore(configuration).BuildServiceProvider();
        return services.GetRequiredService<IOptions<ObjectsOptions>>().Value;
    }

    private static string NameOf(SetupState state) => state switch
    {
        SetupState.Ok => "ok",
        SetupState.Set => "set",
        SetupState.Missing => "missing",
        SetupState.Wrong => "wrong",
        SetupState.NotOffered => "not offered",
        _ => "unknown",
    };

    private static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync($"store: {message}");
        return CannotRun;
    }
}

using System.CommandLine;
using System.Text.Json;
using GrainVault.Silo.Startup;
using GrainVault.Storage;
using Npgsql;

namespace GrainVault.Cli.Fsck;

/// <summary><c>grainvault fsck</c>: proves that the object store and the ledger are equal.</summary>
internal static class FsckCommand
{
    private const int Clean = 0;
    private const int Problems = 1;
    private const int CannotRun = 2;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The verb with its options.</summary>
    public static Command Create()
    {
        var repair = new Option<bool>("--repair") { Description = "Repairs what can be repaired without losing anything." };
        var json = new Option<bool>("--json") { Description = "Prints one JSON document." };
        var data = new Option<string?>("--data") { Description = "Data directory of an embedded installation (default: GrainVault__Data__Directory, else .data)." };
        var command = new Command("fsck", "Compares the object store with the ledger, and quota and change feed with the truth. Exit code: 0 clean, 1 problems, 2 could not run.");
        command.Options.Add(repair);
        command.Options.Add(json);
        command.Options.Add(data);
        command.SetAction((arguments, cancellationToken) => RunAsync(
            arguments.GetValue(repair), arguments.GetValue(json), arguments.GetValue(data), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(bool repair, bool json, string? dataDirectory, CancellationToken cancellationToken)
    {
        try
        {
            await using var installation = await InstallationConnection.OpenAsync(dataDirectory, cancellationToken);
            var report = await new FsckRunner(installation.Catalogue, installation.Store, installation.Options, TimeProvider.System)
                .RunAsync(repair, cancellationToken);
            Print(report, json);
            return report.IsClean ? Clean : Problems;
        }
        catch (StartRefusedException exception)
        {
            return await FailAsync(exception.Message);
        }
        catch (NpgsqlException exception)
        {
            return await FailAsync($"PostgreSQL does not answer: {exception.Message}. An embedded one runs as long as GrainVault does.");
        }
        catch (DependencyUnavailableException exception)
        {
            return await FailAsync(exception.Message);
        }
        catch (ObjectStoreException exception)
        {
            return await FailAsync($"The object store does not answer: {exception.Message}");
        }
    }

    private static void Print(FsckReport report, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(report, Json));
            return;
        }

        foreach (var finding in report.Findings)
            Console.WriteLine($"{finding.Kind,-22} {finding.Subject}  {finding.Detail}{(finding.IsRepaired ? "  [repaired]" : "")}");
        Console.WriteLine($"objects: {report.LiveObjectCount} live with {report.LiveBytes} bytes, {report.IntendedObjectCount} intended");
        Console.WriteLine($"garbage: {report.GarbageObjectCount} objects with {report.GarbageBytes} bytes wait to be deleted");
        Console.WriteLine($"leaked:  {report.LeakedObjectCount} objects with {report.LeakedBytes} bytes that nothing waits for");
        Console.WriteLine(InboxLine(report));
        Console.WriteLine(report.Summary);
    }

    private static string InboxLine(FsckReport report)
    {
        var line = $"inbox:   {report.InboxObjectCount} objects wait to be adopted";
        return report.InboxRefused.Count == 0
            ? line
            : $"{line}, {report.InboxRefused.Values.Sum()} with {report.InboxRefusedBytes} bytes stay: "
                + string.Join(", ", report.InboxRefused.Select(pair => $"{pair.Value} {pair.Key}"));
    }

    private static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync($"fsck: {message}");
        return CannotRun;
    }
}

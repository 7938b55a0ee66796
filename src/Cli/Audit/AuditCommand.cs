using System.CommandLine;
using System.Globalization;
using GrainVault.Cli.Fsck;
using GrainVault.Silo.Startup;
using Npgsql;

namespace GrainVault.Cli.Audit;

/// <summary><c>grainvault audit verify|heads</c>: whether the audit is as it was written.</summary>
internal static class AuditCommand
{
    private const int Intact = 0;
    private const int Problems = 1;
    private const int CannotRun = 2;

    /// <summary>The verb with its parts.</summary>
    public static Command Create()
    {
        var command = new Command("audit", "Verifies the audit. Exit code: 0 intact, 1 something was changed, 2 could not run.");
        var owner = new Option<string?>("--owner") { Description = "User whose chain is looked at (default: all)." };
        var against = new Option<string[]>("--against") { Description = "File with heads that 'audit heads' printed earlier and that was kept elsewhere; may be given again." };
        var verify = new Command("verify", "Computes the hashes of all rows anew, and compares them with the heads of the chains, and with heads that were kept.");
        verify.Options.Add(owner);
        verify.Options.Add(against);
        verify.SetAction((arguments, cancellationToken) => RunAsync(async (installation, token) =>
        {
            var kept = new List<AuditHead>();
            foreach (var file in arguments.GetValue(against) ?? [])
                kept.AddRange(AuditHeads.Parse(await File.ReadAllLinesAsync(file, token)));
            return Print(await new AuditVerifier(installation.Catalogue).VerifyAsync(arguments.GetValue(owner), kept, token), kept.Count);
        }, cancellationToken));
        command.Subcommands.Add(verify);
        var heads = new Command("heads", "Prints the end of each chain. Keep it where nobody who can write to the database can.");
        heads.SetAction((_, cancellationToken) => RunAsync(async (installation, token) =>
        {
            await foreach (var head in AuditHeads.ReadAsync(installation.Catalogue, token))
                Console.WriteLine(AuditHeads.Format(head));
            return Intact;
        }, cancellationToken));
        command.Subcommands.Add(heads);
        return command;
    }

    private static int Print(AuditVerdict verdict, int keptCount)
    {
        foreach (var finding in verdict.Findings)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{finding.OwnerId} row {finding.Seq}: {finding.Detail}"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{verdict.Heads.Count} chains with {verdict.RowCount} rows, {keptCount} heads that were kept"));
        Console.WriteLine(verdict.Findings.Count == 0 ? "audit: intact" : $"audit: {verdict.Findings.Count} problems");
        return verdict.Findings.Count == 0 ? Intact : Problems;
    }

    private static async Task<int> RunAsync(Func<InstallationConnection, CancellationToken, Task<int>> work, CancellationToken cancellationToken)
    {
        try
        {
            await using var installation = await InstallationConnection.OpenAsync(dataDirectory: null, cancellationToken);
            return await work(installation, cancellationToken);
        }
        catch (StartRefusedException exception)
        {
            return await FailAsync(exception.Message);
        }
        catch (NpgsqlException exception)
        {
            return await FailAsync($"PostgreSQL does not answer: {exception.Message}. An embedded one runs as long as GrainVault does.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            return await FailAsync(exception.Message);
        }
    }

    private static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync($"audit: {message}");
        return CannotRun;
    }
}

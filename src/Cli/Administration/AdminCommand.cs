using System.CommandLine;
using GrainVault.Audit;
using GrainVault.Cli.Fsck;
using GrainVault.Silo.Startup;
using Npgsql;

namespace GrainVault.Cli.Administration;

/// <summary><c>grainvault admin grant|revoke|list</c>: who is an administrator.</summary>
internal static class AdminCommand
{
    private const int Done = 0;
    private const int NoSuchAccount = 1;
    private const int CannotRun = 2;

    /// <summary>The verb with its parts.</summary>
    public static Command Create()
    {
        var command = new Command("admin", "Says who is an administrator. Exit code: 0 done, 1 there is no such account, 2 could not run.");
        command.Subcommands.Add(Part("grant", "Makes the account with this address an administrator.", AuditActions.AdminGrant, (installation, email, token) => AdministratorRoles.GrantAsync(installation.Identity, email, token)));
        command.Subcommands.Add(Part("revoke", "Takes the right away, and ends all logins of the account.", AuditActions.AdminRevoke, (installation, email, token) => AdministratorRoles.RevokeAsync(installation.Identity, email, installation.Accounts.AccessTokenLifetime, token)));
        var list = new Command("list", "Lists the administrators.");
        list.SetAction((_, cancellationToken) => RunAsync(null, ListAsync, cancellationToken));
        command.Subcommands.Add(list);
        return command;
    }

    private static Command Part(
        string name, string description, string action, Func<InstallationConnection, string, CancellationToken, Task<string?>> change)
    {
        var email = new Argument<string>("email") { Description = "Address of the account, whatever its case." };
        var command = new Command(name, description);
        command.Arguments.Add(email);
        command.SetAction((arguments, cancellationToken) => RunAsync(arguments.GetValue(email), async (installation, address, token) =>
        {
            if (await change(installation, address!, token) is not { } user)
            {
                await Console.Error.WriteLineAsync("admin: there is no account with this address");
                return NoSuchAccount;
            }

            await AdministratorRoles.NoteAsync(installation.Catalogue, user, action, token);
            Console.WriteLine($"{name}: {user} {address}");
            return Done;
        }, cancellationToken));
        return command;
    }

    private static async Task<int> ListAsync(InstallationConnection installation, string? address, CancellationToken cancellationToken)
    {
        foreach (var (user, email) in await AdministratorRoles.ListAsync(installation.Identity, cancellationToken))
            Console.WriteLine($"{user} {email}");
        return Done;
    }

    private static async Task<int> RunAsync(
        string? email, Func<InstallationConnection, string?, CancellationToken, Task<int>> work, CancellationToken cancellationToken)
    {
        try
        {
            await using var installation = await InstallationConnection.OpenAsync(dataDirectory: null, cancellationToken);
            return await work(installation, email, cancellationToken);
        }
        catch (StartRefusedException exception)
        {
            await Console.Error.WriteLineAsync($"admin: {exception.Message}");
            return CannotRun;
        }
        catch (NpgsqlException exception)
        {
            await Console.Error.WriteLineAsync($"admin: PostgreSQL does not answer: {exception.Message}. An embedded one runs as long as GrainVault does.");
            return CannotRun;
        }
    }
}

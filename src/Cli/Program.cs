using System.CommandLine;
using System.Globalization;
using GrainVault.Cli.Administration;
using GrainVault.Cli.Audit;
using GrainVault.Cli.Fsck;
using GrainVault.Cli.Store;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
var root = new RootCommand("Works on a GrainVault installation, configured by the same GrainVault__... variables as the system itself.");
root.Subcommands.Add(FsckCommand.Create());
root.Subcommands.Add(StoreCommand.Create());
root.Subcommands.Add(AdminCommand.Create());
root.Subcommands.Add(AuditCommand.Create());
return await root.Parse(args).InvokeAsync();

using System.CommandLine;
using System.Globalization;
using GrainVault.Cli.Fsck;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
var root = new RootCommand("Works on a GrainVault installation, configured by the same GrainVault__... variables as the system itself.");
root.Subcommands.Add(FsckCommand.Create());
return await root.Parse(args).InvokeAsync();

using System.Globalization;
using GrainVault.Bench.GrainCalls;

// dotnet run -c Release --project bench/GrainCalls [-- [within] [between] --seconds 2 --runs 5]
if (args is ["silo", var siloPort, var gatewayPort])
{
    await EchoCluster.RunSiloAsync(int.Parse(siloPort, CultureInfo.InvariantCulture), int.Parse(gatewayPort, CultureInfo.InvariantCulture));
    return;
}

var runTime = TimeSpan.FromSeconds(Option("--seconds", 2));
var runCount = (int)Option("--runs", 5);
var all = !args.Contains("within") && !args.Contains("between");
if (all || args.Contains("within"))
    await new GrainCallBenchmark(runTime, runCount).RunAsync(Console.Out);
if (all || args.Contains("between"))
    await new BetweenProcessesBenchmark(runTime, runCount).RunAsync(Console.Out);

double Option(string name, double fallback)
{
    var index = Array.IndexOf(args, name);
    return index < 0 ? fallback : double.Parse(args[index + 1], CultureInfo.InvariantCulture);
}

using System.Globalization;
using GrainVault.Bench.GrainCalls;

// dotnet run -c Release --project bench/GrainCalls [-- --seconds 2 --runs 5]
var seconds = Option("--seconds", 2);
await new GrainCallBenchmark(TimeSpan.FromSeconds(seconds), (int)Option("--runs", 5)).RunAsync(Console.Out);

double Option(string name, double fallback)
{
    var index = Array.IndexOf(args, name);
    return index < 0 ? fallback : double.Parse(args[index + 1], CultureInfo.InvariantCulture);
}

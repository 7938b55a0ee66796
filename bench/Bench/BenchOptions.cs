using System.Globalization;

namespace GrainVault.Bench;

/// <summary>What to measure.</summary>
internal sealed record BenchOptions(IReadOnlyList<string> Measurements, string Store, int Runs, int SizeMiB, int SmallFiles)
{
    public static BenchOptions Parse(string[] args)
    {
        var names = new List<string>();
        var values = new Dictionary<string, string> { ["--store"] = "disk", ["--runs"] = "5", ["--size-mib"] = "1024", ["--small-files"] = "2000" };
        for (var index = 0; index < args.Length; index++)
        {
            if (!values.ContainsKey(args[index]))
            {
                names.Add(args[index]);
            }
            else
            {
                values[args[index]] = args[++index];
            }
        }

        int Number(string name) => int.Parse(values[name], CultureInfo.InvariantCulture);
        return new BenchOptions(
            names.Count > 0 ? names : ["upload", "download", "small", "sessions", "metadata", "memory"],
            values["--store"],
            Number("--runs"),
            Number("--size-mib"),
            Number("--small-files"));
    }
}

using System.Globalization;

namespace GrainVault.Bench;

/// <summary>What to measure.</summary>
/// <param name="Measurements">Names of <see cref="Alone"/> and <see cref="Cluster"/>.</param>
/// <param name="Store">Where the system on its own keeps content: s3 or disk.</param>
/// <param name="Runs">Runs of each side; deaths and stops of silos.</param>
/// <param name="SizeMiB">Size of an uploaded file.</param>
/// <param name="SmallFiles">Small files, small requests, URLs or events in a run.</param>
/// <param name="ProbeCount">Grains that are asked while silos come and go.</param>
/// <param name="RowCount">Files whose rows are generated to measure their size; rows of the ledger that is swept.</param>
/// <param name="ObjectCount">Objects of the store that is swept; at most as many as there are rows.</param>
/// <param name="EntryCount">Files in one folder of one user; 1,000,000 for the figures of a release.</param>
/// <param name="TotalCount">Entries of all users; 10,000,000 for the figures of a release.</param>
/// <param name="CallCount">Calls of each kind on those.</param>
/// <param name="PlansPath">File to write the plans of those calls to; empty for none.</param>
/// <param name="Seconds">How long idle silos are watched, and an idle system for at most 5 s.</param>
internal sealed record BenchOptions(
    IReadOnlyList<string> Measurements, string Store, int Runs, int SizeMiB, int SmallFiles, int ProbeCount, int RowCount, int ObjectCount, int Seconds,
    int EntryCount, int TotalCount, int CallCount, string PlansPath)
{
    /// <summary>Measurements of one process that is the whole system.</summary>
    public static readonly IReadOnlyList<string> Alone =
        ["upload", "download", "small", "sessions", "metadata", "memory", "costs", "rows", "direct", "ways", "presign", "events", "sweep", "scale"];

    /// <summary>Measurements of a cluster; its store is always S3.</summary>
    public static readonly IReadOnlyList<string> Cluster = ["front-ends", "recovery", "heartbeat"];

    public static BenchOptions Parse(string[] args)
    {
        var names = new List<string>();
        var values = new Dictionary<string, string>
        {
            ["--store"] = "disk",
            ["--runs"] = "5",
            ["--size-mib"] = "1024",
            ["--small-files"] = "2000",
            ["--probes"] = "48",
            ["--rows"] = "200000",
            ["--objects"] = "20000",
            ["--seconds"] = "60",
            ["--entries"] = "100000",
            ["--total"] = "300000",
            ["--calls"] = "200",
            ["--plans"] = "",
        };
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

        if (names.Find(name => !Alone.Contains(name) && !Cluster.Contains(name)) is { } unknown)
        {
            throw new ArgumentException($"unknown measurement '{unknown}'; there are: {string.Join(' ', Alone.Concat(Cluster))}");
        }

        int Number(string name) => int.Parse(values[name], CultureInfo.InvariantCulture);
        return new BenchOptions(
            names.Count > 0 ? names : [.. Alone, .. Cluster],
            values["--store"],
            Number("--runs"),
            Number("--size-mib"),
            Number("--small-files"),
            Number("--probes"),
            Number("--rows"),
            Number("--objects"),
            Number("--seconds"),
            Number("--entries"),
            Number("--total"),
            Number("--calls"),
            values["--plans"]);
    }
}

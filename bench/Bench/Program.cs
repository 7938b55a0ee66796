// Measures GrainVault beside its baselines and prints the rows of bench/RESULTS.md. Usage:
//   grainvault-bench [upload|download|small|sessions|metadata|memory ...] [--store s3|disk] [--runs 5] [--size-mib 1024] [--small-files 2000]
using GrainVault.Bench;

var options = BenchOptions.Parse(args);
await using var system = await BenchSystem.StartAsync(options);
var measurements = new Measurements(system, options);
Console.WriteLine("| what | GrainVault | baseline | ratio | CPU s per GiB | runs |");
Console.WriteLine("|---|---|---|---|---|---|");
foreach (var name in options.Measurements)
{
    Console.WriteLine(name switch
    {
        "upload" => await measurements.UploadAsync(),
        "download" => await measurements.DownloadAsync(),
        "small" => await measurements.SmallFilesAsync(oneRequest: true),
        "sessions" => await measurements.SmallFilesAsync(oneRequest: false),
        "metadata" => await measurements.HotMetadataAsync(),
        "memory" => await measurements.MemoryAsync(),
        _ => throw new ArgumentException($"unknown measurement '{name}'"),
    });
}

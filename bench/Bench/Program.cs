// Measures GrainVault, mostly beside baselines, and prints the rows of bench/RESULTS.md. Usage:
//   grainvault-bench [upload|download|small|sessions|metadata|memory|costs|rows|direct|ways|presign|events|sweep|scale|front-ends|recovery|heartbeat ...]
//     [--store s3|disk] [--runs 5] [--size-mib 1024] [--small-files 2000] [--probes 48] [--rows 200000] [--objects 20000] [--seconds 60]
//     [--entries 100000] [--total 300000] [--calls 200] [--plans FILE]
using GrainVault.Bench;
using GrainVault.Bench.Cluster;
using GrainVault.Bench.Costs;
using GrainVault.Bench.Direct;
using GrainVault.Bench.Scale;

BenchOptions options;
try
{
    options = BenchOptions.Parse(args);
}
catch (Exception exception) when (exception is ArgumentException or FormatException or OverflowException or IndexOutOfRangeException)
{
    await Console.Error.WriteLineAsync($"grainvault-bench: {exception.Message}");
    return 2;
}

Console.WriteLine("| what | GrainVault | baseline | ratio | CPU s per GiB | runs |");
Console.WriteLine("|---|---|---|---|---|---|");
if (options.Measurements.Intersect(BenchOptions.Alone).ToArray() is { Length: > 0 } alone)
{
    await using var system = await BenchSystem.StartAsync(options);
    var measurements = new Measurements(system, options);
    using var direct = new DirectUploads(system, options);
    foreach (var name in alone)
    {
        Print(name switch
        {
            "upload" => [await measurements.UploadAsync()],
            "download" => [await measurements.DownloadAsync()],
            "small" => [await measurements.SmallFilesAsync(oneRequest: true)],
            "sessions" => [await measurements.SmallFilesAsync(oneRequest: false)],
            "metadata" => [await measurements.HotMetadataAsync()],
            "memory" => [await measurements.MemoryAsync()],
            "costs" => await new OperationCosts(system, options).RunAsync(),
            "direct" => await direct.AgainstStoreAsync(),
            "ways" => [await direct.AgainstProxiedAsync()],
            "presign" => [await direct.PresignAsync()],
            "events" => await new EventRate(system, options).RunAsync(),
            "sweep" => [await SweepRate.RunAsync(system, options)],
            "scale" => await ScaleRun.RunAsync(system, options),
            _ => await new RowSizes(system, options).RunAsync(),
        });
    }
}

if (options.Measurements.Contains("front-ends") || options.Measurements.Contains("recovery"))
{
    await using var cluster = await BenchCluster.WithBothKindsOfFrontEndAsync();
    if (options.Measurements.Contains("front-ends"))
    {
        Print([await FrontEnds.RunAsync(cluster, options)]);
    }

    if (options.Measurements.Contains("recovery"))
    {
        Print(await Recovery.RunAsync(cluster, options));
    }
}

if (options.Measurements.Contains("heartbeat"))
{
    Print(await Heartbeat.RunAsync(TimeSpan.FromSeconds(options.Seconds)));
}

return Environment.ExitCode;

static void Print(IEnumerable<string> rows)
{
    foreach (var row in rows)
    {
        Console.WriteLine(row);
    }
}

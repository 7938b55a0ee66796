using System.Diagnostics;
using System.Text.Json.Nodes;

namespace GrainVault.Bench;

/// <summary>The same bytes straight into the store, with nothing in between: by AWSSDK on S3, as one fsynced file a part on disk.</summary>
internal static class StraightUploads
{
    public static Task<Sample> RunAsync(BenchSystem system, BenchOptions options, byte[] part, int parallel) =>
        options.Store == "s3" ? ToS3Async(system, options, part, parallel) : ToFilesAsync(system, options, part, parallel);

    private static async Task<Sample> ToS3Async(BenchSystem system, BenchOptions options, byte[] part, int parallel)
    {
        var answer = JsonNode.Parse(await system.RunBaselineAsync("s3-upload", $"{options.SizeMiB}", $"{part.Length >> 20}", $"{parallel}"))!;
        return new Sample(
            options.SizeMiB / answer["seconds"]!.GetValue<double>(),
            answer["cpuSeconds"]!.GetValue<double>() * 1024 / options.SizeMiB);
    }

    private static async Task<Sample> ToFilesAsync(BenchSystem system, BenchOptions options, byte[] part, int parallel)
    {
        var cpu = system.BaselineCpuSeconds();
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            Enumerable.Range(1, options.SizeMiB / (part.Length >> 20)),
            new ParallelOptions { MaxDegreeOfParallelism = parallel },
            async (number, token) =>
            {
                using var body = new ByteArrayContent(part);
                using var answer = await system.Baseline.PutAsync($"/part/{number}", body, token);
                answer.EnsureSuccessStatusCode();
            });
        return new Sample(options.SizeMiB / clock.Elapsed.TotalSeconds, (system.BaselineCpuSeconds() - cpu) * 1024 / options.SizeMiB);
    }
}

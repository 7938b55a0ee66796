using System.Diagnostics;
using GrainVault.TestKit.Cluster;

namespace GrainVault.Bench.Cluster;

/// <summary>Parts by a front end with a silo of its own against parts by one that is a client, in one cluster.</summary>
internal static class FrontEnds
{
    private const int PartBytes = 8 << 20;
    private const int Parallel = 4;

    public static async Task<string> RunAsync(VaultCluster cluster, BenchOptions options)
    {
        using var cohost = await VaultSession.SignUpAsync(cluster.FrontEnds[0].Address);
        using var client = await VaultSession.SignUpAsync(cluster.FrontEnds[1].Address);
        var part = new byte[PartBytes];
        new Random(1).NextBytes(part);
        return await Comparison.RunAsync(
            $"front end with a silo of its own against a client of the cluster, {options.SizeMiB} MiB, 8 MiB parts, {Parallel} at once, S3",
            "MiB/s",
            options.Runs,
            () => UploadAsync(cohost),
            () => UploadAsync(client));

        async Task<Sample> UploadAsync(VaultSession session)
        {
            var cpu = BenchCluster.CpuSeconds(cluster);
            var clock = Stopwatch.StartNew();
            var file = await session.UploadAsync(part, options.SizeMiB / 8, Parallel);
            var sample = new Sample(
                options.SizeMiB / clock.Elapsed.TotalSeconds, (BenchCluster.CpuSeconds(cluster) - cpu) * 1024 / options.SizeMiB);
            await session.PurgeAsync(file);
            return sample;
        }
    }
}

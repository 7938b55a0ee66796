using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace GrainVault.Bench;

/// <summary>The measurements; each returns rows of the table in <c>bench/RESULTS.md</c>.</summary>
internal sealed partial class Measurements(BenchSystem system, BenchOptions options)
{
    private const int PartBytes = 8 << 20;
    private const int Parallel = 4;

    /// <summary>Proxied upload in 8 MiB parts, four at once: against AWSSDK on S3, against one fsynced file a part on disk.</summary>
    public async Task<string> UploadAsync()
    {
        var part = RandomBytes(PartBytes);
        var count = options.SizeMiB / 8;
        async Task<Sample> Ours()
        {
            var cpu = system.VaultCpuSeconds();
            var clock = Stopwatch.StartNew();
            var file = await system.Vault.UploadAsync(part, count, Parallel);
            var sample = new Sample(options.SizeMiB / clock.Elapsed.TotalSeconds, (system.VaultCpuSeconds() - cpu) * 1024 / options.SizeMiB);
            await system.Vault.PurgeAsync(file);
            return sample;
        }

        return await Comparison.RunAsync(
            $"proxied upload, {options.SizeMiB} MiB, {options.Store}", "MiB/s", options.Runs, Ours, () => StraightUploads.RunAsync(system, options, part, Parallel));
    }

    /// <summary>Download of one range that is the whole file, against a GET straight from the store.</summary>
    public async Task<string> DownloadAsync()
    {
        var file = await system.Vault.UploadAsync(RandomBytes(PartBytes), options.SizeMiB / 8, Parallel);
        await using var straight = await system.OpenStraightReaderAsync(options.SizeMiB);
        var row = await Comparison.RunAsync(
            $"download with Range, {options.SizeMiB} MiB, {options.Store}",
            "MiB/s",
            options.Runs,
            async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/files/{file}/content");
                request.Headers.Range = new(0, ((long)options.SizeMiB << 20) - 1);
                var clock = Stopwatch.StartNew();
                using var answer = await system.Vault.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                answer.EnsureSuccessStatusCode();
                await DrainAsync(await answer.Content.ReadAsStreamAsync(), (long)options.SizeMiB << 20);
                return new Sample(options.SizeMiB / clock.Elapsed.TotalSeconds, double.NaN);
            },
            async () =>
            {
                var clock = Stopwatch.StartNew();
                await DrainAsync(await straight.OpenAsync(), (long)options.SizeMiB << 20);
                return new Sample(options.SizeMiB / clock.Elapsed.TotalSeconds, double.NaN);
            });
        await system.Vault.PurgeAsync(file);
        return row;
    }

    /// <summary>Files of 64 KiB, 16 at once: one request each, and create + part + complete, against S3 PUT + one INSERT.</summary>
    public async Task<string> SmallFilesAsync(bool oneRequest)
    {
        var content = RandomBytes(64 << 10);
        return await Comparison.RunAsync(
            $"64 KiB files, 16 at once, {(oneRequest ? "one request each" : "create + part + complete")}, {options.Store}",
            "files/s",
            options.Runs,
            () => RateAsync(options.SmallFiles, 16, async _ =>
            {
                if (oneRequest)
                {
                    await system.Vault.UploadSmallAsync(content);
                }
                else
                {
                    await system.Vault.UploadAsync(content, 1, 1);
                }
            }),
            () => RateAsync(options.SmallFiles, 16, async index =>
            {
                using var body = new ByteArrayContent(content);
                using var answer = await system.Baseline.PostAsync($"/small/{index}", body);
                answer.EnsureSuccessStatusCode();
            }));
    }

    /// <summary>Hot metadata with its token check, against a minimal API that reads the same row, 32 connections of wrk.</summary>
    public async Task<string> HotMetadataAsync()
    {
        var file = await system.Vault.UploadSmallAsync(RandomBytes(1024));
        return await Comparison.RunAsync(
            "hot metadata, 32 connections",
            "requests/s",
            options.Runs,
            () => WrkAsync(new Uri(system.Vault.Http.BaseAddress!, $"/v1/files/{file}"), system.Vault.Token),
            () => WrkAsync(new Uri(system.Baseline.BaseAddress!, $"/row/{file}"), null));
    }

    /// <summary>Peak memory while 64 uploads declared as 1 GiB run, 16 parts of each sent.</summary>
    public async Task<string> MemoryAsync()
    {
        var part = RandomBytes(PartBytes);
        ProcessMeter.ResetPeak(system.VaultPid);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
        {
            var id = await system.Vault.CreateUploadAsync(1L << 30, PartBytes);
            for (var number = 1; number <= 16; number++)
            {
                await system.Vault.PutPartAsync(id, number, part, CancellationToken.None);
            }
        }));
        var peak = ProcessMeter.PeakResidentMiB(system.VaultPid);
        const double InFlightMiB = 64 * 8;
        var limit = (InFlightMiB * 1.25) + 150;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| peak memory, 64 uploads of 1 GiB, 8 MiB parts, {options.Store} | {peak:F0} MiB | {InFlightMiB:F0} MiB in flight | **{peak / limit:F2}** of 1.25 x {InFlightMiB:F0} + 150 = {limit:F0} MiB | - | 1 |");
    }

    private static async Task<Sample> RateAsync(int count, int parallel, Func<int, Task> work)
    {
        var clock = Stopwatch.StartNew();
        await System.Threading.Tasks.Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = parallel },
            async (index, _) => await work(index));
        return new Sample(count / clock.Elapsed.TotalSeconds, double.NaN);
    }

    private static async Task<Sample> WrkAsync(Uri url, string? token)
    {
        List<string> arguments = ["-t1", "-c32", "-d5s", "--latency"];
        if (token is not null)
        {
            arguments.AddRange(["-H", $"Authorization: Bearer {token}"]);
        }

        var output = await Tool.RunAsync("wrk", [.. arguments, url.ToString()]);
        if (output.Contains("Non-2xx", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(output);
        }

        return new Sample(double.Parse(RequestsPerSecond().Match(output).Groups[1].Value, CultureInfo.InvariantCulture), double.NaN);
    }

    private static async Task DrainAsync(Stream stream, long expected)
    {
        await using (stream)
        {
            var buffer = new byte[256 << 10];
            long total = 0;
            int read;
            while ((read = await stream.ReadAsync(buffer)) > 0)
            {
                total += read;
            }

            if (total != expected)
            {
                throw new InvalidOperationException($"{total} bytes instead of {expected}");
            }
        }
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)")]
    private static partial Regex RequestsPerSecond();
}

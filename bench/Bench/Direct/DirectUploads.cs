using System.Diagnostics;
using System.Globalization;

namespace GrainVault.Bench.Direct;

/// <summary>
/// Uploads whose bytes go straight to the store by presigned URLs: against the store alone, against those that pass through a front end, and
/// the signing by itself.
/// </summary>
internal sealed class DirectUploads(BenchSystem system, BenchOptions options) : IDisposable
{
    private const int PartBytes = 8 << 20;
    private const int Parallel = 4;

    /// <summary>Parts of the sessions whose URLs are asked for, and URLs of one call: as many as there may be.</summary>
    private const int PresignedPartCount = 1_000;
    private const int PresignedPartBytes = 5 << 20;

    /// <summary>Connections that were idle for longer are opened anew: the store may close them just when a body is on its way.</summary>
    private static readonly TimeSpan StoreIdleTime = TimeSpan.FromSeconds(2);

    /// <summary>A client that has nothing but the URLs.</summary>
    private readonly HttpClient _store = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionIdleTimeout = StoreIdleTime }) { Timeout = TimeSpan.FromMinutes(10) };

    private readonly List<(double Seconds, double CpuSeconds)> _cluster = [];

    public void Dispose() => _store.Dispose();

    /// <summary>Direct upload against AWSSDK's multipart; and what the cluster does meanwhile, beside doing nothing for as long.</summary>
    public async Task<IEnumerable<string>> AgainstStoreAsync()
    {
        var part = RandomBytes(PartBytes);
        var row = await Comparison.RunAsync(
            $"direct upload, {options.SizeMiB} MiB, {options.Store}",
            "MiB/s",
            options.Runs,
            () => DirectAsync(part),
            () => StraightUploads.RunAsync(system, options, part, Parallel));
        // Without the first, which compiles.
        var seconds = Median(_cluster[1..].Select(run => run.Seconds));
        var busy = Median(_cluster[1..].Select(run => run.CpuSeconds));
        var before = system.VaultCpuSeconds();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        var idle = system.VaultCpuSeconds() - before;
        var perGiB = 1024.0 / options.SizeMiB;
        return
        [
            row,
            string.Create(
                CultureInfo.InvariantCulture,
                $"| CPU of the cluster meanwhile, {options.Store} | {busy * perGiB:F2} s per GiB | {idle * perGiB:F2} s per GiB's time, idle | **{Math.Max(0, busy - idle) / seconds * 100:F1} %** of a processor more than idle | - | {options.Runs} |"),
        ];
    }

    /// <summary>Through a front end, against straight to the store.</summary>
    public async Task<string> AgainstProxiedAsync()
    {
        var part = RandomBytes(PartBytes);
        return await Comparison.RunAsync(
            $"proxied upload against direct, {options.SizeMiB} MiB, {options.Store}",
            "MiB/s",
            options.Runs,
            async () =>
            {
                var (cpu, clock) = (system.VaultCpuSeconds(), Stopwatch.StartNew());
                var file = await system.Vault.UploadAsync(part, PartCount, Parallel);
                return await FinishAsync(file, cpu, clock.Elapsed);
            },
            () => DirectAsync(part));
    }

    /// <summary>URLs of parts, a thousand a call, against AWSSDK signing as many without asking anybody.</summary>
    public async Task<string> PresignAsync()
    {
        var id = await system.Vault.CreateUploadAsync((long)PresignedPartCount * PresignedPartBytes, PresignedPartBytes, isDirect: true);
        var numbers = Enumerable.Range(1, Math.Min(PresignedPartCount, options.SmallFiles)).ToArray();
        var callCount = Math.Max(1, options.SmallFiles / numbers.Length);
        var count = callCount * numbers.Length;
        return await Comparison.RunAsync(
            $"presigned URLs of parts, {numbers.Length} a call, {options.Store}",
            "URLs/s",
            options.Runs,
            async () =>
            {
                var clock = Stopwatch.StartNew();
                await System.Threading.Tasks.Parallel.ForEachAsync(
                    Enumerable.Range(0, callCount),
                    new ParallelOptions { MaxDegreeOfParallelism = Parallel },
                    async (_, _) => await system.Vault.PresignAsync(id, numbers));
                return new Sample(count / clock.Elapsed.TotalSeconds, double.NaN);
            },
            async () =>
            {
                var seconds = double.Parse(await system.RunBaselineAsync("presign", $"{count}", $"{Parallel}"), CultureInfo.InvariantCulture);
                return new Sample(count / seconds, double.NaN);
            });
    }

    private int PartCount => options.SizeMiB / (PartBytes >> 20);

    private async Task<Sample> DirectAsync(byte[] part)
    {
        var (cpu, clock) = (system.VaultCpuSeconds(), Stopwatch.StartNew());
        var id = await system.Vault.CreateUploadAsync((long)PartCount * PartBytes, PartBytes, isDirect: true);
        var urls = await system.Vault.PresignAsync(id, [.. Enumerable.Range(1, PartCount)]);
        await System.Threading.Tasks.Parallel.ForEachAsync(
            urls,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel },
            async (url, token) =>
            {
                using var body = new ByteArrayContent(part);
                using var answer = await _store.PutAsync(url, body, token);
                answer.EnsureSuccessStatusCode();
            });
        var file = await system.Vault.CompleteAsync(id);
        _cluster.Add((clock.Elapsed.TotalSeconds, system.VaultCpuSeconds() - cpu));
        return await FinishAsync(file, cpu, clock.Elapsed);
    }

    private async Task<Sample> FinishAsync(string file, double cpuBefore, TimeSpan elapsed)
    {
        var sample = new Sample(options.SizeMiB / elapsed.TotalSeconds, (system.VaultCpuSeconds() - cpuBefore) * 1024 / options.SizeMiB);
        await system.Vault.PurgeAsync(file);
        return sample;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}

using System.Globalization;

namespace GrainVault.Bench.Costs;

/// <summary>
/// What one operation costs: CPU of the process that is front end and silo, CPU of PostgreSQL and its write-ahead log. What an
/// idle system uses in the same time is taken off.
/// </summary>
internal sealed class OperationCosts(BenchSystem system, BenchOptions options)
{
    private const int PartBytes = 8 << 20;
    private const int PartsPerFile = 4;
    private const int Parallel = 4;

    private static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(5);

    public async Task<IEnumerable<string>> RunAsync()
    {
        var small = RandomBytes(64 << 10);
        var part = RandomBytes(PartBytes);
        var files = options.SmallFiles;
        var hot = await system.Vault.UploadSmallAsync(RandomBytes(1024));
        // Code is compiled, and pages of PostgreSQL are written in full after a checkpoint, once.
        await RepeatAsync(files, () => system.Vault.UploadSmallAsync(small));
        await GetAsync(hot, files);
        await system.Vault.PurgeAsync(await system.Vault.UploadAsync(part, PartsPerFile, Parallel));

        // What the warming-up has left to be done is not what an idle system does.
        var duration = TimeSpan.FromSeconds(options.Seconds);
        var idling = duration < IdleMax ? duration : IdleMax;
        await Task.Delay(idling);
        var idle = await MeasureAsync(() => Task.Delay(idling));
        var uploads = new List<string>();
        var fileCount = Math.Max(1, options.SizeMiB / 8 / PartsPerFile);
        return
        [
            await RowAsync("small file of 64 KiB, one request", files, () => RepeatAsync(files, () => system.Vault.UploadSmallAsync(small))),
            await RowAsync("creation of an upload", files, () => RepeatAsync(files, async () =>
            {
                var id = await system.Vault.CreateUploadAsync((long)PartBytes * PartsPerFile, PartBytes);
                lock (uploads)
                    uploads.Add(id);
            })),
            await RowAsync("part of 8 MiB", fileCount * PartsPerFile, () => PartsAsync(uploads.Take(fileCount), part)),
            await RowAsync($"completion of {PartsPerFile} parts", fileCount, async () =>
            {
                foreach (var id in uploads.Take(fileCount))
                    await system.Vault.CompleteAsync(id);
            }),
            await RowAsync("hot metadata", files * 20, () => GetAsync(hot, files * 20)),
        ];

        async Task<string> RowAsync(string name, int count, Func<Task> work)
        {
            var used = await MeasureAsync(work);
            double Each(Func<Usage, double> value) => Math.Max(0, value(used) - (value(idle) * used.Seconds / idle.Seconds)) / count;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"| {name}, {options.Store} | {Each(usage => usage.ProcessCpuSeconds) * 1000:F2} CPU ms front end and silo | {Each(usage => usage.PostgresCpuSeconds) * 1000:F2} CPU ms PostgreSQL | {Each(usage => usage.WalBytes):F0} B WAL | {count / used.Seconds:F1} a second | {count} |");
        }
    }

    private async Task<Usage> MeasureAsync(Func<Task> work)
    {
        var before = await ReadAsync();
        await work();
        var after = await ReadAsync();
        return new Usage(
            after.Seconds - before.Seconds,
            after.ProcessCpuSeconds - before.ProcessCpuSeconds,
            after.PostgresCpuSeconds - before.PostgresCpuSeconds,
            after.WalBytes - before.WalBytes);
    }

    private async Task<Usage> ReadAsync()
    {
        await using var command = system.Database.CreateCommand("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint");
        var walBytes = (long)(await command.ExecuteScalarAsync())!;
        return new Usage(
            System.Diagnostics.Stopwatch.GetTimestamp() / (double)System.Diagnostics.Stopwatch.Frequency,
            ProcessMeter.CpuSeconds(system.VaultPid),
            ProcessMeter.CpuSeconds(system.PostgresPid),
            walBytes);
    }

    private Task PartsAsync(IEnumerable<string> uploads, byte[] part) => System.Threading.Tasks.Parallel.ForEachAsync(
        uploads.SelectMany(id => Enumerable.Range(1, PartsPerFile).Select(number => (id, number))),
        new ParallelOptions { MaxDegreeOfParallelism = Parallel },
        async (item, token) => await system.Vault.PutPartAsync(item.id, item.number, part, token));

    private Task GetAsync(string file, int count) => RepeatAsync(count, async () =>
    {
        using var answer = await system.Vault.Http.GetAsync($"/v1/files/{file}");
        answer.EnsureSuccessStatusCode();
    });

    private static Task RepeatAsync(int count, Func<Task> work) => System.Threading.Tasks.Parallel.ForEachAsync(
        Enumerable.Range(0, count),
        new ParallelOptions { MaxDegreeOfParallelism = Parallel },
        async (_, _) => await work());

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private readonly record struct Usage(double Seconds, double ProcessCpuSeconds, double PostgresCpuSeconds, double WalBytes);
}

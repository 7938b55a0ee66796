using System.Collections.Concurrent;
using GrainVault.Files;
using GrainVault.Options;
using GrainVault.Storage;
using GrainVault.Uploads;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;

namespace GrainVault.Maintenance;

/// <summary>
/// Gives versions that came in many parts, from clients that announced no checksum, their SHA-256: reads them back, one
/// object at a time per process.
/// </summary>
internal sealed class ChecksumBackfill(
    JanitorRepository repository,
    ContentHasher hasher,
    IGrainFactory grains,
    IOptions<JanitorOptions> options,
    ILogger<ChecksumBackfill> logger)
{
    /// <summary>Versions that could not be read and are left alone until the next start.</summary>
    private const int SkippedCountMax = 10_000;

    private readonly ConcurrentDictionary<(string, int), bool> _skipped = [];

    /// <summary>Hashes some versions of a shard; returns how many.</summary>
    public async Task<int> RunAsync(int shard, CancellationToken cancellationToken)
    {
        if (!options.Value.ComputeChecksums)
            return 0;
        var count = 0;
        foreach (var version in await repository.FindUnhashedAsync(shard, cancellationToken))
        {
            if (count >= options.Value.ChecksumCountMax)
                break;
            if (!_skipped.ContainsKey((version.FileId, version.Number)) && await HashAsync(version, cancellationToken))
                count++;
        }

        return count;
    }

    private async Task<bool> HashAsync(UnhashedRow version, CancellationToken cancellationToken)
    {
        try
        {
            var sha256 = await hasher.HashInBackgroundAsync(version.ObjectKey, version.SizeBytes, cancellationToken);
            await grains.GetGrain<IFileGrain>(version.FileId).RecordSha256Async(version.Number, Convert.ToHexStringLower(sha256), cancellationToken);
            return true;
        }
        catch (ObjectStoreException exception)
        {
            JanitorLog.HashFailed(logger, version.FileId, version.Number, exception);
            if (_skipped.Count < SkippedCountMax)
                _skipped.TryAdd((version.FileId, version.Number), true);
            return false;
        }
    }
}

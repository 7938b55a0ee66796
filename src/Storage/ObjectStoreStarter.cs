using GrainVault.Storage.S3;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainVault.Storage;

/// <summary>
/// Opens the store at start, so that a wrong setting stops the process at once. A server that does not answer yet does
/// not: its bucket is checked again in the background.
/// </summary>
internal sealed class ObjectStoreStarter(ObjectStoreProvider provider, TimeProvider time, ILogger<S3ObjectStore> logger) : BackgroundService
{
    private static readonly TimeSpan FirstAttemptTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private bool _isReady;

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _isReady = provider.Store is not S3ObjectStore s3 || await TryEnsureAsync(s3, cancellationToken).ConfigureAwait(false);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!_isReady)
        {
            await Task.Delay(RetryDelay, time, stoppingToken).ConfigureAwait(false);
            _isReady = await TryEnsureAsync((S3ObjectStore)provider.Store, stoppingToken).ConfigureAwait(false);
        }
    }

    /// <summary>False when the server can't be reached; a refusal is thrown.</summary>
    private async Task<bool> TryEnsureAsync(S3ObjectStore store, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(FirstAttemptTimeout);
        try
        {
            await store.EnsureBucketAsync(limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            S3ObjectStoreLog.BucketUnavailable(logger, "the bucket", "no answer");
            return false;
        }
        catch (ObjectStoreException e) when (e.Error == ObjectStoreError.Unavailable)
        {
            S3ObjectStoreLog.BucketUnavailable(logger, "the bucket", e.Message);
            return false;
        }
    }
}

using Amazon.S3;
using Microsoft.Extensions.Logging;

namespace GrainVault.Storage.S3;

/// <summary>Runs calls of the SDK under a time limit and with the provider's one exception.</summary>
internal sealed class S3Calls(IAmazonS3 client, S3Options options, ILogger logger)
{
    /// <summary>Name of the bucket.</summary>
    public string Bucket { get; } = options.Bucket!;

    /// <summary>Runs a call that moves content or completes an upload.</summary>
    public Task<T> WriteAsync<T>(string operation, string key, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        RunAsync(operation, key, options.WriteTimeout, call, cancellationToken);

    /// <summary>Runs any other call.</summary>
    public Task<T> ControlAsync<T>(string operation, string key, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        RunAsync(operation, key, options.ControlTimeout, call, cancellationToken);

    private async Task<T> RunAsync<T>(
        string operation, string key, TimeSpan timeout, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            return await call(client, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && S3Errors.Covers(e))
        {
            throw new OperationCanceledException($"{operation} of {key} was cancelled.", e, cancellationToken);
        }
        catch (Exception e) when (S3Errors.Covers(e))
        {
            var translated = S3Errors.Translate(e, operation, key);
            if (translated.Error is ObjectStoreError.Unavailable or ObjectStoreError.Refused or ObjectStoreError.Full)
                S3ObjectStoreLog.Failed(logger, operation, key, translated.Error, S3Errors.Describe(e));
            throw translated;
        }
    }
}

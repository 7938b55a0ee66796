using Amazon.S3;
using GrainVault.Resilience;
using GrainVault.Storage.Instrumentation;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace GrainVault.Storage.S3;

/// <summary>
/// Runs calls of the SDK under the server's breaker, a time limit, and the provider's one exception. The SDK repeats a call by
/// itself (<see cref="S3Options.RetryCountMax"/>), so nothing here does; the limit covers all its attempts.
/// </summary>
internal sealed class S3Calls
{
    private readonly IAmazonS3 _client;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _write;
    private readonly ResiliencePipeline _control;

    public S3Calls(IAmazonS3 client, S3Options options, Breakers breakers, ILogger logger)
    {
        (_client, _logger, Bucket) = (client, logger, options.Bucket!);
        var breaker = breakers.Create(StorageInstruments.Name, "s3", breakers.Options.BreakerFailureShare, IsOutage);
        _write = PipelineOf(options.WriteTimeout);
        _control = PipelineOf(options.ControlTimeout);

        ResiliencePipeline PipelineOf(TimeSpan timeout) => new ResiliencePipelineBuilder { TimeProvider = breakers.Time }
            .AddPipeline(breaker.Pipeline)
            .AddTimeout(new TimeoutStrategyOptions { Timeout = timeout })
            .Build();
    }

    /// <summary>Name of the bucket.</summary>
    public string Bucket { get; }

    /// <summary>Runs a call that moves content or completes an upload.</summary>
    public Task<T> WriteAsync<T>(string operation, string key, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        RunAsync(operation, key, _write, call, cancellationToken);

    /// <summary>Runs any other call.</summary>
    public Task<T> ControlAsync<T>(string operation, string key, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        RunAsync(operation, key, _control, call, cancellationToken);

    private static bool IsOutage(Exception e) => S3Errors.Covers(e) && S3Errors.Classify(e) == ObjectStoreError.Unavailable;

    private async Task<T> RunAsync<T>(
        string operation, string key, ResiliencePipeline pipeline, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await pipeline.ExecuteAsync(
                static async (state, token) => await state.call(state._client, token).ConfigureAwait(false), (call, _client), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && S3Errors.Covers(e))
        {
            throw new OperationCanceledException($"{operation} of {key} was cancelled.", e, cancellationToken);
        }
        catch (BrokenCircuitException e)
        {
            // The breaker has said so once; thousands of calls need not repeat it.
            throw S3Errors.Translate(e, operation, key);
        }
        catch (Exception e) when (S3Errors.Covers(e))
        {
            var translated = S3Errors.Translate(e, operation, key);
            if (translated.Error is ObjectStoreError.Unavailable or ObjectStoreError.Refused or ObjectStoreError.Full)
                S3ObjectStoreLog.Failed(_logger, operation, key, translated.Error, S3Errors.Describe(e));
            throw translated;
        }
    }
}

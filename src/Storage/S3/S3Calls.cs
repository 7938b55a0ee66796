using Amazon.S3;
using GrainVault.Resilience;
using GrainVault.Storage.Instrumentation;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace GrainVault.Storage.S3;

/// <summary>
/// Runs calls of the SDK in their bulkhead, under the server's breaker, a time limit, and the provider's one exception. The SDK
/// repeats a call by itself (<see cref="S3Options.RetryCountMax"/>), so nothing here does; the limit covers all its attempts.
/// </summary>
internal sealed class S3Calls : IDisposable
{
    private readonly IAmazonS3 _client;
    private readonly ILogger _logger;
    private readonly Breaker _breaker;
    private readonly Bulkhead _reads;
    private readonly Bulkhead _writes;
    private readonly ResiliencePipeline _writePipeline;
    private readonly ResiliencePipeline _controlPipeline;

    public S3Calls(IAmazonS3 client, S3Options options, Breakers breakers, BulkheadInstruments? instruments, ILogger logger)
    {
        (_client, _logger, Bucket) = (client, logger, options.Bucket!);
        _breaker = breakers.Create(StorageInstruments.Name, "s3", breakers.Options.BreakerFailureShare, IsOutage);
        _reads = new Bulkhead(
            StorageInstruments.Reads, new BulkheadLimits(options.ReadCountMax, options.ReadQueueLengthMax, options.ReadQueueWait), breakers.Time, instruments);
        _writes = new Bulkhead(
            StorageInstruments.Writes, new BulkheadLimits(options.WriteCountMax, options.WriteQueueLengthMax, options.WriteQueueWait), breakers.Time, instruments);
        _writePipeline = PipelineOf(options.WriteTimeout);
        _controlPipeline = PipelineOf(options.ControlTimeout);

        ResiliencePipeline PipelineOf(TimeSpan timeout) => new ResiliencePipelineBuilder { TimeProvider = breakers.Time }
            .AddPipeline(_breaker.Pipeline)
            .AddTimeout(new TimeoutStrategyOptions
            {
                // All others fail while one call tries, so that one must not hang as long as a large part may take.
                TimeoutGenerator = _ => ValueTask.FromResult(_breaker.State == Breaker.HalfOpen && timeout > options.ControlTimeout ? options.ControlTimeout : timeout),
            })
            .Build();
    }

    /// <summary>Name of the bucket.</summary>
    public string Bucket { get; }

    /// <summary>Runs a call that moves content or completes an upload.</summary>
    public Task<T> WriteAsync<T>(string operation, string key, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        RunAsync(operation, key, _writes, _writePipeline, call, cancellationToken);

    /// <summary>Runs any other call that changes something.</summary>
    public Task<T> ChangeAsync<T>(string operation, string key, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        RunAsync(operation, key, _writes, _controlPipeline, call, cancellationToken);

    /// <summary>Runs a call that changes nothing.</summary>
    public Task<T> ReadAsync<T>(string operation, string key, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        RunAsync(operation, key, _reads, _controlPipeline, call, cancellationToken);

    /// <summary>Runs a call whose answer has a body; the place among the reads is the caller's until it has read that.</summary>
    public async Task<(T Response, IDisposable Place)> OpenAsync<T>(
        string operation, string key, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        var place = await EnterAsync(operation, key, _reads, cancellationToken).ConfigureAwait(false);
        try
        {
            return (await RunAsync(operation, key, _controlPipeline, call, cancellationToken).ConfigureAwait(false), place);
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    /// <summary>Goes on with what <see cref="OpenAsync"/> began, in its place.</summary>
    public Task<T> ContinueAsync<T>(string operation, string key, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        RunAsync(operation, key, _controlPipeline, call, cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _reads.Dispose();
        _writes.Dispose();
    }

    private static bool IsOutage(Exception e) => S3Errors.Covers(e) && S3Errors.Classify(e) == ObjectStoreError.Unavailable;

    private async Task<T> RunAsync<T>(
        string operation, string key, Bulkhead bulkhead, ResiliencePipeline pipeline, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var place = await EnterAsync(operation, key, bulkhead, cancellationToken).ConfigureAwait(false);
        return await RunAsync(operation, key, pipeline, call, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A call that the breaker will refuse, or let through alone, need not queue behind calls that hang.</summary>
    private async ValueTask<IDisposable> EnterAsync(string operation, string key, Bulkhead bulkhead, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _breaker.State == Breaker.Closed
            ? await bulkhead.TryEnterAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new ObjectStoreException(ObjectStoreError.Unavailable, $"{operation} of {key}: too many {bulkhead.Name} of the S3 server run or wait.")
            : NoPlace.Instance;
    }

    private async Task<T> RunAsync<T>(
        string operation, string key, ResiliencePipeline pipeline, Func<IAmazonS3, CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
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

    private sealed class NoPlace : IDisposable
    {
        public static NoPlace Instance { get; } = new();

        public void Dispose()
        {
        }
    }
}

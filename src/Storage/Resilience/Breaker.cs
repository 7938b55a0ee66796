using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;

namespace GrainVault.Resilience;

/// <summary>
/// Watches the calls of one dependency. When too many fail, it opens: further calls fail at once with
/// <see cref="BrokenCircuitException"/>, one at a time tries again, and the first that succeeds closes it.
/// </summary>
public sealed class Breaker
{
    /// <summary>Value of <see cref="State"/>: calls go through.</summary>
    public const int Closed = 0;

    /// <summary>Value of <see cref="State"/>: one call tries, all others fail at once.</summary>
    public const int HalfOpen = 1;

    /// <summary>Value of <see cref="State"/>: calls fail at once.</summary>
    public const int Open = 2;

    private const int DoublingCountMax = 10;

    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ILogger _logger;
    private readonly Func<Exception, bool> _isOutage;

    internal Breaker(
        string dependency, double failureShare, ResilienceOptions options, Func<Exception, bool> isOutage, TimeProvider time, ILogger logger)
    {
        Dependency = dependency;
        _logger = logger;
        _isOutage = isOutage;
        Pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                FailureRatio = failureShare,
                MinimumThroughput = options.BreakerCallCountMin,
                SamplingDuration = options.BreakerWindow,
                BreakDurationGenerator = args => new ValueTask<TimeSpan>(BreakOf(options, args.HalfOpenAttempts)),
                ShouldHandle = args => new ValueTask<bool>(args.Outcome.Exception is { } exception && IsFailure(exception, args.Context.CancellationToken)),
                StateProvider = _state,
                OnOpened = args =>
                {
                    BreakerLog.Opened(_logger, Dependency, (long)args.BreakDuration.TotalMilliseconds, args.Outcome.Exception?.GetType().Name ?? "");
                    return ValueTask.CompletedTask;
                },
                OnHalfOpened = _ =>
                {
                    BreakerLog.HalfOpened(_logger, Dependency);
                    return ValueTask.CompletedTask;
                },
                OnClosed = _ =>
                {
                    BreakerLog.Closed(_logger, Dependency);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    /// <summary>What is called: <c>catalogue</c>, <c>identity</c>, <c>s3</c> or <c>grains</c>.</summary>
    public string Dependency { get; }

    /// <summary>Runs calls under the breaker.</summary>
    public ResiliencePipeline Pipeline { get; }

    /// <summary>0 closed, 1 half open: one call tries, 2 open.</summary>
    public int State => _state.CircuitState switch
    {
        CircuitState.Closed => Closed,
        CircuitState.HalfOpen => HalfOpen,
        _ => Open,
    };

    /// <summary>
    /// What a caller cancelled says nothing about the dependency. But of the one call that tries, anything that is not counted
    /// as a failure closes the breaker: cancelled, it has proved nothing, and the next one tries.
    /// </summary>
    private bool IsFailure(Exception exception, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? _state.CircuitState == CircuitState.HalfOpen : _isOutage(exception);

    internal static TimeSpan BreakOf(ResilienceOptions options, int failedAttempts)
    {
        var length = options.BreakMin * (1 << Math.Clamp(failedAttempts, 0, DoublingCountMax));
        return length < options.BreakMax ? length : options.BreakMax > options.BreakMin ? options.BreakMax : options.BreakMin;
    }
}

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
    private const int DoublingCountMax = 10;

    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ILogger _logger;

    internal Breaker(
        string dependency, double failureShare, ResilienceOptions options, Func<Exception, bool> isOutage, TimeProvider time, ILogger logger)
    {
        Dependency = dependency;
        _logger = logger;
        Pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                FailureRatio = failureShare,
                MinimumThroughput = options.BreakerCallCountMin,
                SamplingDuration = options.BreakerWindow,
                BreakDurationGenerator = args => new ValueTask<TimeSpan>(BreakOf(options, args.HalfOpenAttempts)),
                // What a caller cancelled says nothing about the dependency.
                ShouldHandle = args => new ValueTask<bool>(
                    args.Outcome.Exception is { } exception && !args.Context.CancellationToken.IsCancellationRequested && isOutage(exception)),
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
        CircuitState.Closed => 0,
        CircuitState.HalfOpen => 1,
        _ => 2,
    };

    internal static TimeSpan BreakOf(ResilienceOptions options, int failedAttempts)
    {
        var length = options.BreakMin * (1 << Math.Clamp(failedAttempts, 0, DoublingCountMax));
        return length < options.BreakMax ? length : options.BreakMax > options.BreakMin ? options.BreakMax : options.BreakMin;
    }
}

using GrainVault.Api.Diagnostics;
using GrainVault.Resilience;
using GrainVault.Silo.Options;
using Orleans.Runtime;
using Polly;
using Polly.Retry;

namespace GrainVault.Api.Gateway;

/// <summary>
/// Grain calls of endpoints, under one breaker. A call that was rejected, since its silo is gone or its connection was lost, is
/// repeated once where that is harmless: reads, and commands whose natural key makes a repeat give the first result. A timeout is
/// never repeated here: the client waits long enough as it is. In embedded mode there is nobody who could reject a call, and
/// calls pass through as they are.
/// </summary>
internal sealed class GrainCalls
{
    private readonly ResiliencePipeline? _repeatable;
    private readonly ResiliencePipeline? _once;

    /// <summary>Creates the pipelines.</summary>
    public GrainCalls(GrainClusterOptions cluster, Breakers breakers)
    {
        if (cluster.Mode == ClusterMode.Embedded)
            return;
        var options = breakers.Options;
        var breaker = breakers.Create(ApiInstruments.Name, "grains", options.GrainBreakerFailureShare, IsOutage);
        var budget = new RetryBudget(options.GrainRetryShareMax);
        _once = breaker.Pipeline;
        _repeatable = new ResiliencePipelineBuilder { TimeProvider = breakers.Time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = 1,
                Delay = options.GrainRetryDelay,
                UseJitter = true,
                ShouldHandle = args =>
                {
                    if (args.AttemptNumber == 0)
                        budget.Called();
                    return new ValueTask<bool>(args.Outcome.Exception is OrleansMessageRejectionException && args.AttemptNumber == 0 && budget.TryRepeat());
                },
            })
            .AddPipeline(breaker.Pipeline)
            .Build();
    }

    /// <summary>Runs a call that may run twice.</summary>
    /// <param name="state">What the call needs; with it, the call captures nothing.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<T> RepeatableAsync<TState, T>(TState state, Func<TState, CancellationToken, Task<T>> call, CancellationToken cancellationToken = default) =>
        _repeatable is null ? call(state, cancellationToken) : RunAsync(_repeatable, state, call, cancellationToken);

    /// <summary>Runs a call that must not run twice.</summary>
    /// <param name="state">What the call needs.</param>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task<T> OnceAsync<TState, T>(TState state, Func<TState, CancellationToken, Task<T>> call, CancellationToken cancellationToken = default) =>
        _once is null ? call(state, cancellationToken) : RunAsync(_once, state, call, cancellationToken);

    private static Task<T> RunAsync<TState, T>(
        ResiliencePipeline pipeline, TState state, Func<TState, CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        pipeline.ExecuteAsync(static (state, token) => new ValueTask<T>(state.call(state.state, token)), (state, call), cancellationToken).AsTask();

    // A rejection comes from the runtime alone: the silo is gone, no gateway answers, the connection is lost. Nothing that a user
    // asks for brings one about. What a grain refuses, or can't do since its own dependency is down or too many calls wait for it
    // (LimitExceededException), says nothing about the way to it. Neither does a timeout: it tells of one grain that is slow, and
    // a user can make his own grains as slow as he likes, so that timeouts of one would cut off everybody. A cluster that does
    // not answer at all ends in rejections soon, when silos are declared dead or gateways are given up for their silence, and
    // until then /healthz/ready says so to the load balancer.
    private static bool IsOutage(Exception exception) => exception is OrleansMessageRejectionException;
}

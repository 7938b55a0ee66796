using GrainVault.Resilience;
using Npgsql;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace GrainVault.Data;

/// <summary>
/// What stands around every statement, from outside in: one time limit for all attempts, repeats after the connection failed,
/// repeats after a collision, the breaker.
/// </summary>
internal static class DatabasePipelines
{
    /// <summary>Repeats of a statement that collided with another one.</summary>
    private const int CollisionRetryCountMax = 3;

    // Spreads those that collided; a few milliseconds are enough, since the winner has gone on already.
    private static readonly TimeSpan CollisionDelay = TimeSpan.FromMilliseconds(8);
    private static readonly TimeSpan CollisionDelayMax = TimeSpan.FromMilliseconds(64);

    /// <summary>Makes the pipeline.</summary>
    /// <param name="breaker">The database's breaker.</param>
    /// <param name="breakers">Options and clock.</param>
    /// <param name="isRepeatable">True for statements that may run twice.</param>
    /// <param name="repeated">Hears of each repeat: its cause and its number from 1.</param>
    public static ResiliencePipeline Create(Breaker breaker, Breakers breakers, bool isRepeatable, Action<Exception?, int> repeated)
    {
        var options = breakers.Options;
        var builder = new ResiliencePipelineBuilder { TimeProvider = breakers.Time }
            .AddTimeout(new TimeoutStrategyOptions { Timeout = options.PostgresTimeout });
        if (options.PostgresRetryCountMax > 0)
            builder.AddRetry(Retry(options.PostgresRetryCountMax, options.PostgresRetryDelay, null, MayRepeat, repeated));
        return builder
            .AddRetry(Retry(CollisionRetryCountMax, CollisionDelay, CollisionDelayMax, Collided, repeated))
            .AddPipeline(breaker.Pipeline)
            .Build();

        // Whoever waited in vain for a connection or for an answer has waited long enough.
        bool MayRepeat(Exception exception) =>
            exception.InnerException is not TimeoutException
            && (exception is NotConnectedException { IsTimeout: false } || (isRepeatable && DatabaseErrors.IsBrokenConnection(exception)));
    }

    private static bool Collided(Exception exception) => exception is PostgresException postgres && DatabaseErrors.NothingHappened(postgres);

    private static RetryStrategyOptions Retry(
        int countMax, TimeSpan delay, TimeSpan? delayMax, Func<Exception, bool> handles, Action<Exception?, int> repeated) => new()
    {
        MaxRetryAttempts = countMax,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = delay,
        MaxDelay = delayMax,
        ShouldHandle = args => new ValueTask<bool>(args.Outcome.Exception is { } exception && handles(exception)),
        OnRetry = args =>
        {
            repeated(args.Outcome.Exception, args.AttemptNumber + 1);
            return ValueTask.CompletedTask;
        },
    };
}

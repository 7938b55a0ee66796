using System.Collections.Concurrent;
using GrainVault.Diagnostics;
using GrainVault.Options;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GrainVault.Changes;

/// <summary>
/// Waits for changes, whichever silo makes them: one look at the counters of everybody whose changes somebody here waits for, as often as
/// an option says, and at once after a change that was made in this process. What that misses, a waiter finds when his wait ends.
/// </summary>
internal sealed class FeedWatch(FeedRepository repository, IOptions<ChangesOptions> options, TimeProvider time, ILogger<FeedWatch> logger) : BackgroundService
{
    /// <summary>Users whose counters one statement reads.</summary>
    private const int ChunkLength = 5_000;

    /// <summary>Time between two looks however much is changed in this process.</summary>
    private static readonly TimeSpan NudgeGap = TimeSpan.FromMilliseconds(25);

    private readonly ConcurrentDictionary<Waiter, byte> _waiters = new();
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private volatile TaskCompletionSource _nudge = NewSignal();
    private int _count;

    /// <summary>Something was changed in this process, whatever it was.</summary>
    public void Nudge()
    {
        if (!_waiters.IsEmpty)
            _nudge.TrySetResult();
    }

    /// <summary>Waits until an owner has another number, or the user is told of a share.</summary>
    /// <param name="userId">Whose feed it is.</param>
    /// <param name="numbers">Owners in the feed with the numbers that were read.</param>
    /// <param name="toldAt">When the user was told of a share last.</param>
    /// <param name="wait">Longest wait.</param>
    /// <param name="cancellationToken">Ends it without an error.</param>
    /// <returns>Null when it ended in any of these ways; a refusal when too many wait.</returns>
    public async Task<Refusal?> WaitAsync(
        string userId, IReadOnlyDictionary<string, long> numbers, DateTimeOffset? toldAt, TimeSpan wait, CancellationToken cancellationToken)
    {
        var refusal = Enter(userId);
        if (refusal is not null)
            return refusal;
        var waiter = new Waiter(userId, numbers, toldAt, NewSignal());
        _waiters[waiter] = 0;
        try
        {
            await waiter.Signal.Task.WaitAsync(wait, time, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // As if nothing had happened: the reader looks for himself.
        }
        finally
        {
            _waiters.TryRemove(waiter, out _);
            Leave(userId);
        }

        return null;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.WhenAny(_nudge.Task, Task.Delay(options.Value.PollPeriod, time, stoppingToken));
                _nudge = NewSignal();
                if (!_waiters.IsEmpty)
                {
                    await LookAsync(stoppingToken);
                    await Task.Delay(NudgeGap, time, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                FeedLog.PollFailed(logger, exception);
                await Task.Delay(options.Value.PollPeriod, time, CancellationToken.None);
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var waiters = _waiters.Keys.ToArray();
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var chunk in waiters.SelectMany(waiter => waiter.Numbers.Keys).Distinct(StringComparer.Ordinal).Chunk(ChunkLength))
        {
            foreach (var (owner, number) in await repository.FindNumbersAsync(chunk, cancellationToken))
                numbers[owner] = number;
        }

        var told = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var chunk in waiters.Select(waiter => waiter.UserId).Distinct(StringComparer.Ordinal).Chunk(ChunkLength))
        {
            foreach (var (user, at) in await repository.FindToldAsync(chunk, cancellationToken))
                told[user] = at;
        }

        foreach (var waiter in waiters)
        {
            if (waiter.Numbers.Any(pair => numbers.GetValueOrDefault(pair.Key) != pair.Value)
                || (told.TryGetValue(waiter.UserId, out var at) && at != waiter.ToldAt))
                waiter.Signal.TrySetResult();
        }
    }

    private Refusal? Enter(string userId)
    {
        if (Interlocked.Increment(ref _count) > options.Value.WatcherCountMax)
        {
            Interlocked.Decrement(ref _count);
            return Refusals.Busy("Too many requests wait for changes; ask without waiting.", 5);
        }

        if (_counts.AddOrUpdate(userId, 1, static (_, count) => count + 1) > options.Value.WatcherCountPerUserMax)
        {
            Leave(userId, isCounted: false);
            return new Refusal(RefusalReason.Throttled, "Too many of your requests wait for changes.", 5);
        }

        GrainsMeter.FeedWatched(1);
        return null;
    }

    private void Leave(string userId, bool isCounted = true)
    {
        if (isCounted)
            GrainsMeter.FeedWatched(-1);
        Interlocked.Decrement(ref _count);
        // The last one takes the entry along, unless another has come meanwhile.
        if (_counts.AddOrUpdate(userId, 0, static (_, count) => count - 1) <= 0)
            _counts.TryRemove(new KeyValuePair<string, int>(userId, 0));
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Waiter(string userId, IReadOnlyDictionary<string, long> numbers, DateTimeOffset? toldAt, TaskCompletionSource signal)
    {
        public string UserId => userId;

        public IReadOnlyDictionary<string, long> Numbers => numbers;

        public DateTimeOffset? ToldAt => toldAt;

        public TaskCompletionSource Signal => signal;
    }
}

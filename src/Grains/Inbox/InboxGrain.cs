using System.Globalization;
using GrainVault.Options;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;

namespace GrainVault.Inbox;

/// <summary>
/// A shard of the inbox. It works beside its calls, since a large copy takes as long as the store takes: the janitor goes on meanwhile,
/// and so does the store's next event.
/// </summary>
[GrainType("in")]
internal sealed class InboxGrain(
    InboxRepository repository, InboxAdoption adoption, IOptions<InboxOptions> options, TimeProvider time, ILogger<InboxGrain> logger)
    : Grain, IInboxGrain
{
    /// <summary>Longest time that the janitor waits for what it has started.</summary>
    private static readonly TimeSpan RunWaitMax = TimeSpan.FromSeconds(20);

    private readonly Dictionary<string, Task> _underWay = new(StringComparer.Ordinal);

    /// <summary>Objects under way that became due again meanwhile: something came after the attempt had looked.</summary>
    private readonly HashSet<string> _dueAgain = new(StringComparer.Ordinal);

    /// <summary>The round that is under way; calls that come meanwhile are covered by its next one.</summary>
    private Task<int>? _work;
    private bool _isMore;

    private int Shard => int.Parse(this.GetPrimaryKeyString().AsSpan(3), CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public Task LookAsync(CancellationToken cancellationToken = default)
    {
        _ = StartWork();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<int> RunAsync(CancellationToken cancellationToken = default)
    {
        var work = StartWork();
        try
        {
            var count = await work.WaitAsync(RunWaitMax, time, cancellationToken);
            await Task.WhenAll(_underWay.Values).WaitAsync(RunWaitMax, time, cancellationToken);
            return count;
        }
        catch (TimeoutException)
        {
            return _underWay.Count;
        }
    }

    private Task<int> StartWork()
    {
        _isMore = true;
        return _work is { IsCompleted: false } running ? running : _work = WorkAsync();
    }

    private async Task<int> WorkAsync()
    {
        await Task.Yield();
        Caller.Leave();
        var count = 0;
        try
        {
            while (_isMore)
            {
                _isMore = false;
                var found = await repository.FindDueAsync(Shard, CancellationToken.None);
                var due = found.FindAll(item => !_underWay.ContainsKey(item.Key));
                _dueAgain.UnionWith(found.Select(item => item.Key).Where(_underWay.ContainsKey));
                foreach (var item in due)
                {
                    while (_underWay.Count >= options.Value.CopyCountMax)
                        await Task.WhenAny(_underWay.Values);
                    _underWay[item.Key] = AttemptAsync(item);
                }

                count += due.Count;
                _isMore |= due.Count > 0 && found.Count == options.Value.BatchLength;
            }
        }
        catch (Exception exception) when (exception is DependencyUnavailableException or TimeoutException)
        {
            InboxLog.RunFailed(logger, Shard, exception);
        }

        return count;
    }

    private async Task AttemptAsync(InboxRow item)
    {
        await Task.Yield();
        try
        {
            await adoption.AttemptAsync(item);
        }
        catch (Exception exception)
        {
            InboxLog.AttemptFailed(logger, item.Key, item.AttemptCount + 1, exception);
            await TryPutOffAsync(item);
        }
        finally
        {
            _underWay.Remove(item.Key);
            if (_dueAgain.Remove(item.Key))
                _ = StartWork();
        }
    }

    private async Task TryPutOffAsync(InboxRow item)
    {
        try
        {
            await repository.PutOffAsync(item);
        }
        catch (DependencyUnavailableException)
        {
            // It is due again by the intent's own time.
        }
    }
}

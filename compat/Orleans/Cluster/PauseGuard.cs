using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Cluster;

/// <summary>
/// A process that was stopped for longer than it takes to be declared dead must not go on as if nothing had happened. Whoever
/// wants to begin a turn asks here; where the guard has not run for that long, turns wait until the table was read again.
/// Asking costs one look at the clock, so that not even the first turn after a pause gets through.
/// </summary>
internal sealed class PauseGuard(MembershipView view, IOptions<ClusterMembershipOptions> options, TimeProvider time, ILogger<PauseGuard> logger)
    : IDisposable
{
    /// <summary>Without an answer of the table for this long, the silo serves again: the table may be away for reasons of its own.</summary>
    internal static readonly TimeSpan DoubtMax = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly MembershipLog _log = new(logger);
    private readonly TimeSpan _pauseMax = options.Value.ProbeTimeout * options.Value.NumMissedProbesLimit;
    private readonly Lock _gate = new();
    private readonly List<Action> _held = [];
    private ITimer? _beat;
    private long _lastBeat;
    private volatile bool _isOn;
    private volatile bool _holds;

    /// <summary>Raised after a pause, before the table is read again.</summary>
    internal event Action? Woke;

    public void Dispose() => _beat?.Dispose();

    internal void Start()
    {
        Volatile.Write(ref _lastBeat, time.GetTimestamp());
        _isOn = true;
        _beat = time.CreateTimer(static self => ((PauseGuard)self!).Beat(), this, _pauseMax / 8, _pauseMax / 8);
    }

    internal void Stop()
    {
        _isOn = false;
        _beat?.Dispose();
        Release();
    }

    /// <summary>Whether a turn might have to wait; cheap.</summary>
    internal bool IsInDoubt => _isOn && (_holds || HasPaused());

    /// <summary>Whether a turn must wait.</summary>
    /// <param name="resume">Called once it need not wait any more.</param>
    internal bool Holds(Action resume)
    {
        lock (_gate)
        {
            if (!_isOn || (!_holds && !TryBeginDoubt()))
                return false;
            _held.Add(resume);
            return true;
        }
    }

    private bool HasPaused() => time.GetElapsedTime(Volatile.Read(ref _lastBeat)) > _pauseMax;

    private void Beat()
    {
        lock (_gate)
        {
            if (_isOn && !_holds && !TryBeginDoubt())
                Volatile.Write(ref _lastBeat, time.GetTimestamp());
        }
    }

    /// <summary>Under the lock.</summary>
    private bool TryBeginDoubt()
    {
        if (!HasPaused())
            return false;
        _holds = true;
        _log.Paused(time.GetElapsedTime(Volatile.Read(ref _lastBeat)));
        ThreadPool.UnsafeQueueUserWorkItem(static self => _ = self.EndDoubtAsync(), this, preferLocal: false);
        return true;
    }

    private async Task EndDoubtAsync()
    {
        Woke?.Invoke();
        var begunAt = time.GetTimestamp();
        while (_isOn)
        {
            try
            {
                await view.ReadAsync(CancellationToken.None);
                break;
            }
            catch (Exception failure)
            {
                if (time.GetElapsedTime(begunAt) > DoubtMax)
                {
                    _log.DoubtUnresolved(failure, DoubtMax);
                    break;
                }
            }
            await Task.Delay(RetryDelay, time);
        }
        Release();
    }

    private void Release()
    {
        Action[] held;
        lock (_gate)
        {
            Volatile.Write(ref _lastBeat, time.GetTimestamp());
            _holds = false;
            held = [.. _held];
            _held.Clear();
        }
        foreach (var resume in held)
            resume();
    }
}

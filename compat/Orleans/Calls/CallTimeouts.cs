using System.Collections.Concurrent;

namespace Orleans.Calls;

/// <summary>A call's links in the list of calls that wait for an answer.</summary>
internal struct CallDeadline
{
    internal CallTimeoutList? List;
    internal GrainCall? Previous;
    internal GrainCall? Next;
    internal long DueTicks;

    internal readonly void Leave(GrainCall call) => List?.Remove(call);
}

/// <summary>Calls with equal timeouts in the order in which they were made, so that only the first needs to be looked at.</summary>
internal sealed class CallTimeoutList(TimeSpan timeout)
{
    private readonly Lock _gate = new();
    private GrainCall? _first;
    private GrainCall? _last;

    internal void Add(GrainCall call)
    {
        ref var links = ref call.Deadline;
        lock (_gate)
        {
            links.List = this;
            links.DueTicks = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
            links.Previous = _last;
            if (_last is null)
                _first = call;
            else
                _last.Deadline.Next = call;
            _last = call;
        }
    }

    internal void Remove(GrainCall call)
    {
        ref var links = ref call.Deadline;
        lock (_gate)
        {
            if (links.Previous is null && _first != call)
                return;
            if (links.Previous is null)
                _first = links.Next;
            else
                links.Previous.Deadline.Next = links.Next;
            if (links.Next is null)
                _last = links.Previous;
            else
                links.Next.Deadline.Previous = links.Previous;
            links.Previous = links.Next = null;
        }
    }

    /// <summary>Times out what is due.</summary>
    internal void Expire(long nowTicks)
    {
        while (true)
        {
            GrainCall? due;
            lock (_gate)
            {
                due = _first;
                if (due is null || due.Deadline.DueTicks > nowTicks)
                    return;
            }
            due.OnTimeout(timeout);
            Remove(due);
        }
    }

    internal void FailAll(Func<GrainCall, Exception> failure)
    {
        while (true)
        {
            GrainCall? call;
            lock (_gate)
                call = _first;
            if (call is null)
                return;
            call.TryFail(failure(call));
            Remove(call);
        }
    }
}

/// <summary>
/// Response timeouts without a timer per call: one timer looks at the head of each list. A call times out up to
/// <see cref="ResolutionMs"/> late.
/// </summary>
internal sealed class CallTimeouts : IDisposable
{
    internal const int ResolutionMs = 25;
    private const int StripeCount = 4;

    private readonly ConcurrentDictionary<TimeSpan, CallTimeoutList[]> _lists = new();
    private readonly CallTimeoutList[] _default;
    private readonly Timer _timer;

    internal CallTimeouts(TimeSpan responseTimeout)
    {
        _default = ListsFor(responseTimeout);
        _timer = new Timer(static self => ((CallTimeouts)self!).Expire(), this, ResolutionMs, ResolutionMs);
    }

    public void Dispose() => _timer.Dispose();

    internal void Track(GrainCall call)
    {
        var lists = call.Method.ResponseTimeout is { } timeout ? ListsFor(timeout) : _default;
        lists[Environment.CurrentManagedThreadId % StripeCount].Add(call);
    }

    internal void FailAll(Func<GrainCall, Exception> failure)
    {
        foreach (var list in _lists.Values.SelectMany(lists => lists))
            list.FailAll(failure);
    }

    private CallTimeoutList[] ListsFor(TimeSpan timeout) => _lists.GetOrAdd(timeout, static timeout =>
    {
        var lists = new CallTimeoutList[StripeCount];
        for (var index = 0; index < StripeCount; index++)
            lists[index] = new CallTimeoutList(timeout);
        return lists;
    });

    private void Expire()
    {
        var now = Environment.TickCount64;
        foreach (var lists in _lists.Values)
        {
            foreach (var list in lists)
                list.Expire(now);
        }
    }
}

using Orleans.Calls;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>What a connection is for. Each pair of processes has one for each, so that none delays the others.</summary>
internal enum Lane : byte
{
    /// <summary>What silos say about the cluster.</summary>
    Control = 0,

    /// <summary>Calls with small arguments.</summary>
    Calls = 1,

    /// <summary>Calls with large arguments.</summary>
    Content = 2,
}

/// <summary>A connection that this process opens: it asks, the other side answers.</summary>
internal sealed class OutgoingConnection : Connection
{
    private readonly PendingCalls _pending;
    private long _receivedCount;

    internal OutgoingConnection(SiloAddress target, Lane lane, IPeerOwner owner, MessageLimits limits)
        : base(limits.QueuedFrameCountMax, limits)
    {
        Target = target;
        Lane = lane;
        Owner = owner;
        _pending = new PendingCalls(limits.PendingCallCountMax);
    }

    internal SiloAddress Target { get; }

    internal Lane Lane { get; }

    internal IPeerOwner Owner { get; }

    internal int PendingCount => _pending.Count;

    /// <summary>How many messages were received.</summary>
    internal long ReceivedCount => Volatile.Read(ref _receivedCount);

    /// <summary>Whether the other side has asked for no more calls.</summary>
    internal bool IsLeaving { get; private set; }

    /// <summary>Sends a call. Its outcome, also that it could not be sent, is set on it.</summary>
    internal void Send(GrainCall call, OutgoingFrame frame)
    {
        if (!TryAsk(call, frame))
            call.TryFail(Refused());
    }

    /// <summary>Asks something.</summary>
    /// <returns>False when the connection is closed or has too much to do; then nothing will be answered.</returns>
    internal bool TryAsk(IAwaitsAnswer question, OutgoingFrame frame)
    {
        if (!_pending.TryAdd(question, frame.IsChunked ? frame : null, out var id))
        {
            frame.Free();
            return false;
        }
        if (!question.OnAsked(this, id))
        {
            _pending.Take(id, out _);
            frame.Free();
            return true;
        }
        frame.SetId(id);
        if (Queue.TryAdd(frame))
            return true;
        // Whoever takes it out answers for it: this, or the end of the connection.
        return _pending.Take(id, out _) is null;
    }

    /// <summary>Says something that has no answer.</summary>
    internal void Tell(OutgoingFrame frame, long id = 0)
    {
        frame.SetId(id);
        Queue.TryAdd(frame);
    }

    /// <summary>No answer is wanted any more; what is left of the question's content is not sent.</summary>
    /// <returns>Whether there was none yet.</returns>
    internal bool Forget(long id)
    {
        var wasPending = _pending.Take(id, out var content) is not null;
        content?.Abandon();
        return wasPending;
    }

    /// <summary>Tells the other side that no answer is wanted any more.</summary>
    internal void TellCancelled(long id) => Tell(Empty(FrameKind.Cancel), id);

    /// <summary>Why a question was refused.</summary>
    internal Exception Refused() => IsClosed
        ? Owner.Unreachable(Target, null)
        : Owner.TooBusy($"The connection to {Target} has {_pending.Count} calls without an answer.");

    internal static OutgoingFrame Empty(FrameKind kind, long viewVersion = -1)
    {
        var frame = new OutgoingFrame(kind, viewVersion);
        frame.EndHeader();
        return frame;
    }

    protected override void OnFrame(in Frame frame)
    {
        Volatile.Write(ref _receivedCount, _receivedCount + 1);
        switch (frame.Kind)
        {
            case FrameKind.Result or FrameKind.Failure:
                _pending.Take(frame.Id, out _)?.OnAnswer(frame, this);
                break;
            case FrameKind.Leaving:
                IsLeaving = true;
                Owner.OnChanged(this);
                break;
            default:
                throw Unexpected(frame.Kind);
        }
    }

    protected override void OnOpened() => Owner.OnChanged(this);

    protected override void OnClosed(Exception reason)
    {
        var left = _pending.Close();
        Owner.OnClosed(this, reason);
        if (left.Count == 0)
            return;
        foreach (var (call, content) in left)
        {
            content?.Abandon();
            call.OnLost(Owner.Unreachable(Target, reason));
        }
    }
}

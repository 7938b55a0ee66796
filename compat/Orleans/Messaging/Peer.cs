using Orleans.Calls;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>Another process, and this one's connections to it: one for each lane, opened when first needed.</summary>
internal sealed class Peer(SiloAddress address, IPeerOwner owner, Connector connector, TimeSpan retryDelay, MessageLimits limits)
{
    private readonly Lock _gate = new();
    private readonly OutgoingConnection?[] _lanes = new OutgoingConnection?[3];
    private readonly long[] _retryAtMs = new long[3];
    private bool _isClosed;

    internal SiloAddress Address => address;

    /// <summary>Whether small calls can be sent at once.</summary>
    internal bool IsOpen => _lanes[(int)Lane.Calls] is { IsOpen: true, IsLeaving: false };

    /// <summary>Sends a call that is made here.</summary>
    /// <exception cref="Exception">It can't be written; nothing was sent.</exception>
    internal void Send(GrainCall call, long viewVersion)
    {
        var frame = Write(call, viewVersion, (byte)Math.Min(call.ForwardCount, byte.MaxValue));
        if (Get(frame) is { } connection)
            connection.Send(call, frame);
        else
            call.TryFail(Refuse(frame));
    }

    /// <summary>Sends a call that came from another process and had begun to wait here.</summary>
    /// <exception cref="Exception">It can't be written; nothing was sent.</exception>
    internal void PassOn(IncomingCall incoming, GrainCall call, long viewVersion) =>
        PassOn(incoming, Write(call, viewVersion, (byte)(incoming.ForwardCount + 1)));

    /// <summary>Passes a call on that came from another process, unread.</summary>
    internal void PassOn(IncomingCall incoming, in Frame received, long viewVersion)
    {
        var frame = new OutgoingFrame(FrameKind.Call, viewVersion, (byte)(incoming.ForwardCount + 1));
        System.Buffers.BuffersExtensions.Write(frame, received.Header.Span);
        frame.EndHeader();
        if (received.IsBorrowed)
            System.Buffers.BuffersExtensions.Write(frame, received.Body.Span);
        else
            frame.WriteBlock(received.Body);
        PassOn(incoming, frame);
    }

    /// <summary>The connection of a lane; null while it is too early to try again.</summary>
    internal OutgoingConnection? Get(Lane lane)
    {
        var index = (int)lane;
        var current = Volatile.Read(ref _lanes[index]);
        if (current is { IsClosed: false })
            return current;
        lock (_gate)
        {
            current = _lanes[index];
            if (current is { IsClosed: false })
                return current;
            if (_isClosed || Environment.TickCount64 < _retryAtMs[index])
                return null;
            // Should it fail to open, the next attempt waits; a connection that was open may be replaced at once.
            _retryAtMs[index] = Environment.TickCount64 + (long)retryDelay.TotalMilliseconds;
            current = new OutgoingConnection(address, lane, owner, limits);
            Volatile.Write(ref _lanes[index], current);
        }
        // Neither as a turn of the grain that happens to call first, nor in its context: the connection outlives both.
        ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.connector.RunAsync(work.current), (connector, current), preferLocal: false);
        return current;
    }

    /// <summary>The connection of a lane as it is, or opened where it is not.</summary>
    internal OutgoingConnection? Find(Lane lane, bool opens) => opens ? Get(lane) : _lanes[(int)lane];

    /// <summary>Whether the connection for small calls is being opened.</summary>
    internal bool IsConnecting => _lanes[(int)Lane.Calls] is { IsClosed: false, WasOpen: false };

    /// <summary>Whether the connection for small calls has ended.</summary>
    internal bool IsClosed => _lanes[(int)Lane.Calls] is not { IsClosed: false };

    /// <summary>Whether nothing waits for an answer.</summary>
    internal bool IsIdle => Array.TrueForAll(_lanes, lane => lane is null || lane.PendingCount == 0);

    internal void Close(Exception reason)
    {
        lock (_gate)
            _isClosed = true;
        Reset(reason);
    }

    /// <summary>Closes the connections; new ones are opened when needed.</summary>
    internal void Reset(Exception reason)
    {
        OutgoingConnection?[] lanes;
        lock (_gate)
            lanes = [.. _lanes];
        foreach (var connection in lanes)
            connection?.Close(reason);
    }

    private void PassOn(IncomingCall incoming, OutgoingFrame frame)
    {
        if (Get(frame) is not { } connection)
            incoming.Fail(Refuse(frame));
        else if (!connection.TryAsk(incoming, frame))
            incoming.Fail(connection.Refused());
    }

    private static OutgoingFrame Write(GrainCall call, long viewVersion, byte forwardCount)
    {
        var frame = new OutgoingFrame(FrameKind.Call, viewVersion, forwardCount);
        try
        {
            CallHeader.Write(frame, call);
            call.WriteArguments(frame);
            frame.EndBody();
            return frame;
        }
        catch
        {
            frame.Free();
            throw;
        }
    }

    private OutgoingConnection? Get(OutgoingFrame frame) => Get(frame.IsChunked ? Lane.Content : Lane.Calls);

    private Exception Refuse(OutgoingFrame frame)
    {
        frame.Free();
        return owner.Unreachable(address, null);
    }
}

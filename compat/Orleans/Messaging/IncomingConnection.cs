using System.Text;
using Orleans.Runtime;
using Orleans.Serialization.Wire;

namespace Orleans.Messaging;

/// <summary>What a process does with what it is asked.</summary>
internal interface IRequestHandler
{
    /// <summary>Takes a call.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    void OnCall(IncomingConnection connection, in Frame frame);

    /// <summary>Probes a silo for another one.</summary>
    Task<bool> ProbeForAsync(SiloAddress target, CancellationToken cancellationToken);

    /// <summary>Another silo has seen this version of the table.</summary>
    void OnChangeTold(long version);

    /// <summary>A connection has ended.</summary>
    void OnClosed(IncomingConnection connection, Exception reason);
}

/// <summary>A connection that another process has opened: it asks, this side answers.</summary>
internal sealed class IncomingConnection(Hello peer, IRequestHandler handler, MessageLimits limits)
    : Connection(limits.PendingCallCountMax, limits)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, IncomingCall> _calls = [];
    private int _probeCount;

    /// <summary>Who asks.</summary>
    internal Hello Peer => peer;

    /// <summary>How many calls have no outcome yet.</summary>
    internal int CallCount
    {
        get
        {
            lock (_gate)
                return _calls.Count;
        }
    }

    /// <summary>Notes a call.</summary>
    /// <exception cref="InvalidDataException">There is one of this number already.</exception>
    internal IncomingCall Begin(in Frame frame)
    {
        var call = new IncomingCall(this, frame.Id, frame.ForwardCount, frame.SizeBytes);
        lock (_gate)
        {
            if (!_calls.TryAdd(frame.Id, call))
                throw new InvalidDataException("The peer sent two calls of one number.");
        }
        Budget.Take(call.SizeBytes);
        if (IsClosed)
            call.Drop();
        return call;
    }

    internal void End(long id, int sizeBytes)
    {
        lock (_gate)
            _calls.Remove(id);
        Budget.Release(sizeBytes);
    }

    /// <summary>Sends an answer. A peer that asks but doesn't read answers loses its connection.</summary>
    internal void Answer(OutgoingFrame answer, long id)
    {
        answer.SetId(id);
        if (!Queue.TryAdd(answer) && !IsClosed)
            Close(new InvalidDataException("The peer does not read its answers."));
    }

    protected override void OnFrame(in Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Call when peer.Lane != Lane.Control:
                if (CallCount < Limits.ReceivedCallCountMax && Budget.HasRoom(frame.SizeBytes))
                    handler.OnCall(this, frame);
                else
                    Refuse(frame.Id);
                break;
            case FrameKind.Cancel when peer.Lane != Lane.Control:
                Find(frame.Id)?.Cancel();
                break;
            case FrameKind.Probe:
                Answer(OutgoingConnection.Empty(FrameKind.Result), frame.Id);
                break;
            case FrameKind.ProbeThrough when peer is { Lane: Lane.Control, Silo: not null }:
                _ = ProbeAsync(SiloAddress.FromParsableString(Encoding.UTF8.GetString(frame.Body.Span)), frame.Id);
                break;
            case FrameKind.Changed when peer is { Lane: Lane.Control, Silo: not null }:
                handler.OnChangeTold(frame.ViewVersion);
                break;
            default:
                throw Unexpected(frame.Kind);
        }
    }

    protected override void OnClosed(Exception reason)
    {
        IncomingCall[] left;
        lock (_gate)
            left = [.. _calls.Values];
        foreach (var call in left)
            call.Drop();
        handler.OnClosed(this, reason);
    }

    private IncomingCall? Find(long id)
    {
        lock (_gate)
            return _calls.GetValueOrDefault(id);
    }

    /// <summary>What waits here for its outcome is too much already. Reading goes on: a cancellation or a probe may come next.</summary>
    private void Refuse(long id)
    {
        var answer = OutgoingConnection.Empty(FrameKind.Failure);
        var message = $"{CallCount} calls of this connection with {Budget.UsedBytes} bytes have no outcome yet.";
        ExceptionCodec.Write(answer, peer.Silo is null ? new GatewayTooBusyException(message) : new LimitExceededException(message));
        answer.EndBody();
        Answer(answer, id);
    }

    private async Task ProbeAsync(SiloAddress target, long id)
    {
        // No answer rather than "no", which would count against the target.
        if (Interlocked.Increment(ref _probeCount) > Limits.IndirectProbeCountMax)
        {
            Interlocked.Decrement(ref _probeCount);
            return;
        }
        var answers = false;
        try
        {
            using var timeout = new CancellationTokenSource(Limits.IndirectProbeTimeout);
            answers = await handler.ProbeForAsync(target, timeout.Token);
        }
        catch (Exception)
        {
            // Whatever it was: the target did not answer this silo.
        }
        Interlocked.Decrement(ref _probeCount);
        var answer = OutgoingConnection.Empty(FrameKind.Result);
        answer.GetSpan(1)[0] = answers ? (byte)1 : (byte)0;
        answer.Advance(1);
        Answer(answer, id);
    }
}

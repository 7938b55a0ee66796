using System.Text;
using Orleans.Runtime;

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
                handler.OnCall(this, frame);
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

    private async Task ProbeAsync(SiloAddress target, long id)
    {
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
        var answer = OutgoingConnection.Empty(FrameKind.Result);
        answer.GetSpan(1)[0] = answers ? (byte)1 : (byte)0;
        answer.Advance(1);
        Answer(answer, id);
    }
}

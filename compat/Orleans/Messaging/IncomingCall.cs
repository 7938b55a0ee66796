using Orleans.Calls;
using Orleans.Runtime;
using Orleans.Serialization.Wire;

namespace Orleans.Messaging;

/// <summary>
/// A call that came on a connection, until its outcome has gone back: it runs here, or it was passed on and its answer is passed
/// back as it comes.
/// </summary>
internal sealed class IncomingCall(IncomingConnection connection, long id, byte forwardCount, int sizeBytes) : ICallReply, IAwaitsAnswer
{
    private GrainCall? _call;
    private OutgoingConnection? _sentOn;
    private long _sentId;
    private int _isEnded;

    internal byte ForwardCount => forwardCount;

    internal int SizeBytes => sizeBytes;

    private bool IsEnded => Volatile.Read(ref _isEnded) != 0;

    /// <summary>The call runs here.</summary>
    internal void RunsAs(GrainCall call)
    {
        call.Reply = this;
        Volatile.Write(ref _call, call);
        Interlocked.MemoryBarrier();
        if (IsEnded)
            call.CancelFromRemote();
    }

    bool IAwaitsAnswer.OnAsked(OutgoingConnection sentOn, long sentId)
    {
        _sentId = sentId;
        Volatile.Write(ref _sentOn, sentOn);
        Interlocked.MemoryBarrier();
        return !IsEnded;
    }

    /// <summary>The caller no longer waits.</summary>
    internal void Cancel()
    {
        if (!TryEnd())
            return;
        Volatile.Read(ref _call)?.CancelFromRemote();
        if (Volatile.Read(ref _sentOn) is { } sentOn && sentOn.Forget(_sentId))
            sentOn.TellCancelled(_sentId);
    }

    /// <summary>The caller's connection is lost. What runs goes on, since it may be half done; what waits is dropped.</summary>
    internal void Drop()
    {
        if (!TryEnd())
            return;
        Volatile.Read(ref _call)?.TryFail(new OrleansMessageRejectionException("The caller's connection is lost."));
        Volatile.Read(ref _sentOn)?.Forget(_sentId);
    }

    public void Succeed<TResult>(TResult result)
    {
        if (IsEnded)
            return;
        var answer = OutgoingConnection.Empty(FrameKind.Result);
        try
        {
            ResultCodec.Write(answer, result);
            answer.EndBody();
        }
        catch (Exception failure)
        {
            // It can't cross, or is too long.
            answer.Free();
            Fail(failure);
            return;
        }
        Answer(answer);
    }

    public void Fail(Exception failure)
    {
        if (IsEnded)
            return;
        var answer = OutgoingConnection.Empty(FrameKind.Failure);
        ExceptionCodec.Write(answer, failure);
        answer.EndBody();
        Answer(answer);
    }

    void IAwaitsAnswer.OnAnswer(in Frame frame, OutgoingConnection from)
    {
        Volatile.Write(ref _sentOn, null);
        var answer = OutgoingConnection.Empty(frame.Kind);
        if (frame.IsBorrowed)
            System.Buffers.BuffersExtensions.Write(answer, frame.Body.Span);
        else
            answer.WriteBlock(frame.Body);
        Answer(answer);
    }

    void IAwaitsAnswer.OnLost(Exception failure) => Fail(failure);

    private void Answer(OutgoingFrame answer)
    {
        if (TryEnd())
            connection.Answer(answer, id);
        else
            answer.Free();
    }

    private bool TryEnd()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) != 0)
            return false;
        connection.End(id, sizeBytes);
        return true;
    }
}

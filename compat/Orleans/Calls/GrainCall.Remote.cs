using Orleans.Messaging;
using Orleans.Serialization.Wire;

namespace Orleans.Calls;

/// <summary>A call whose callee is in another process.</summary>
internal abstract partial class GrainCall : IAwaitsAnswer
{
    private OutgoingConnection? _sentOn;
    private long _sentId;

    bool IAwaitsAnswer.OnAsked(OutgoingConnection connection, long id)
    {
        _sentId = id;
        Volatile.Write(ref _sentOn, connection);
        // Either this sees that the call has ended, or its end sees the connection.
        Interlocked.MemoryBarrier();
        return !IsCompleted;
    }

    void IAwaitsAnswer.OnAnswer(in Frame answer, OutgoingConnection connection)
    {
        // The connection has let go of the call already.
        Volatile.Write(ref _sentOn, null);
        try
        {
            if (answer.Kind == FrameKind.Result)
                TrySucceedFrom(answer.Body, connection.Owner.References);
            else
                TryFail(ExceptionCodec.Read(answer.Body, connection.Owner.References));
        }
        catch (Exception failure)
        {
            TryFail(failure);
        }
    }

    void IAwaitsAnswer.OnLost(Exception failure) => TryFail(failure);

    /// <summary>The call has an outcome: nothing of its arguments is sent any more.</summary>
    private void LeaveConnection() => Volatile.Read(ref _sentOn)?.Forget(_sentId);

    private void CancelAtRemoteCallee() => Volatile.Read(ref _sentOn)?.TellCancelled(_sentId);
}

using System.Buffers;
using Orleans.Messaging;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Serialization.Wire;

namespace Orleans.Calls;

/// <summary>
/// One call of a grain's method, from the moment it is made until it has an outcome. It is all that a message needs: target,
/// method, arguments (the fields of the generated subclass), context and cancellation. In one process the same object is
/// what the activation runs.
/// </summary>
internal abstract partial class GrainCall : ActivationWork
{
    /// <summary>How often a call follows its grain to a new activation before it is rejected.</summary>
    internal const int ForwardCountMax = 64;

    private CancellationTokenSource? _calleeCancellation;
    private CancellationTokenRegistration _callerRegistration;
    private int _completed;

    /// <summary>The method; a static field of the generated subclass.</summary>
    public abstract MethodModel Method { get; }

    internal GrainId Target { get; set; }

    /// <summary>The grain that calls; null from outside of grains.</summary>
    internal GrainId? Source { get; set; }

    /// <summary>The caller's request context; never changed in place.</summary>
    internal Dictionary<string, object>? Context { get; set; }

    /// <summary>The W3C trace parent, where tracing is on and the caller has one.</summary>
    internal string? TraceParent { get; set; }

    internal string? TraceState { get; set; }

    /// <summary>The token that the caller passed.</summary>
    internal CancellationToken CallerToken { get; set; }

    internal CallOptions Options { get; set; } = CallOptions.Default;

    internal int ForwardCount { get; set; }

    /// <summary>Where the outcome goes of a call that came from another process; null for a call of this process.</summary>
    internal ICallReply? Reply { get; set; }

    /// <summary>The call's place among those that wait for an answer.</summary>
    internal CallDeadline Deadline;

    internal override bool IsReadOnly => Method.IsReadOnly;

    internal override bool IsAlwaysInterleave => Method.IsAlwaysInterleave;

    internal bool IsCompleted => Volatile.Read(ref _completed) != 0;

    internal override bool IsAbandoned => IsCompleted && Options.DropsAbandoned;

    /// <summary>Ends the call with a failure, if it has no outcome yet.</summary>
    internal abstract bool TryFail(Exception failure);

    /// <summary>Replaces each argument that the caller could still change by a copy. Overridden by generated classes.</summary>
    public virtual void CopyArguments()
    {
    }

    /// <summary>Puts the callee's own token in the place of the caller's. Overridden by generated classes.</summary>
    public virtual void SetCancellation(CancellationToken token)
    {
    }

    /// <summary>Writes each argument as a field whose number is its position. Overridden by generated classes.</summary>
    public abstract void WriteFields(ref WireWriter writer);

    /// <summary>Reads the fields that <see cref="WriteFields"/> wrote. Overridden by generated classes.</summary>
    public abstract void ReadFields(ref WireReader reader);

    /// <summary>Writes the arguments but for the cancellation token.</summary>
    /// <exception cref="SerializerException">A type may not cross a call; what was written so far is of no use.</exception>
    internal void WriteArguments(IBufferWriter<byte> output)
    {
        var writer = new WireWriter(output, output as IBlockWriter);
        WriteFields(ref writer);
        writer.End();
        writer.Flush();
    }

    /// <summary>Reads the arguments of a new call, which becomes the callee's own. A parameter that the caller does not have keeps its
    /// default; an argument that this process does not have is skipped.</summary>
    /// <exception cref="SerializerException">The bytes are not what was written.</exception>
    internal void ReadArguments(ReadOnlyMemory<byte> body, ReferenceFactory? references = null)
    {
        try
        {
            var reader = new WireReader(body, references);
            ReadFields(ref reader);
            reader.LeaveObject();
            reader.ExpectEndOfMessage();
        }
        catch (Exception failure) when (failure is not SerializerException)
        {
            throw new SerializerException($"The message is broken: {failure.Message}", failure);
        }
        TakeCancellation();
    }

    /// <summary>On the caller's side: ends the call with a result that came as bytes. Bytes that are broken end it with a failure.</summary>
    /// <returns>Whether the call had no outcome yet.</returns>
    internal abstract bool TrySucceedFrom(ReadOnlyMemory<byte> body, ReferenceFactory? references = null);

    /// <summary>On the callee's side: the caller in another process no longer waits. Ends the call and signals the callee.</summary>
    internal void CancelFromRemote()
    {
        if (TryFail(new OperationCanceledException()))
            SignalCallee();
    }

    /// <summary>Makes the arguments independent of the caller, for a callee in this process.</summary>
    internal void Isolate()
    {
        if (Reply is null)
            CopyArguments();
        TakeCancellation();
    }

    /// <summary>Lets the caller's token end the call at once for the caller, and signal the callee.</summary>
    internal void ListenToCaller()
    {
        if (!CallerToken.CanBeCanceled)
            return;
        _callerRegistration = CallerToken.UnsafeRegister(static (call, token) =>
        {
            var self = (GrainCall)call!;
            if (self.TryFail(new OperationCanceledException(token)))
                self.SignalCallee();
        }, this);
        if (IsCompleted)
            _callerRegistration.Unregister();
    }

    internal void OnTimeout(TimeSpan timeout)
    {
        var failure = new TimeoutException($"Response did not arrive on time in {timeout} for message: {this}.");
        if (TryFail(failure) && Options.CancelsOnTimeout)
            SignalCallee();
    }

    internal override void Forward(Activation activation)
    {
        if (++ForwardCount > ForwardCountMax)
            Reject(new OrleansMessageRejectionException($"Forwarding failed: tried to forward message {this} {ForwardCount} times."));
        else
            activation.Silo.MessageCenter.Send(this);
    }

    internal override void Reject(Exception failure) => TryFail(failure);

    public override string ToString() => $"{Method} to {Target}{(Source is { } source ? $" from {source}" : "")}";

    /// <summary>Claims the right to set the outcome.</summary>
    protected bool TryComplete()
    {
        if (Interlocked.Exchange(ref _completed, 1) != 0)
            return false;
        Deadline.Leave(this);
        _callerRegistration.Unregister();
        LeaveConnection();
        return true;
    }

    /// <summary>Gives the callee a token of its own.</summary>
    private void TakeCancellation()
    {
        if (!Method.TakesCancellation || _calleeCancellation is not null)
            return;
        _calleeCancellation = new CancellationTokenSource();
        SetCancellation(_calleeCancellation.Token);
    }

    private void SignalCallee()
    {
        CancelAtRemoteCallee();
        // Off this thread, since the callee's registered callbacks run inside Cancel.
        if (_calleeCancellation is { } cancellation)
            ThreadPool.UnsafeQueueUserWorkItem(static cancellation => cancellation.Cancel(), cancellation, preferLocal: false);
    }
}

using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Serialization.Wire;

namespace Orleans.Calls;

/// <summary>A call with its result's type.</summary>
/// <typeparam name="TResult">The result's type; <see cref="Nothing"/> for methods without one.</typeparam>
internal abstract class GrainCall<TResult> : GrainCall
{
    // Asynchronous continuations: a caller must never run inside the callee's turn.
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task<TResult> Task => _completion.Task;

    /// <summary>Calls the grain's method. Overridden by generated classes.</summary>
    public abstract ValueTask<TResult> Start(object grain);

    internal override bool TryFail(Exception failure)
    {
        if (!TryComplete())
            return false;
        if (Reply is { } reply)
            reply.Fail(failure);
        else
            _completion.SetException(failure);
        return true;
    }

    internal override bool TrySucceedFrom(ReadOnlyMemory<byte> body, ReferenceFactory? references = null)
    {
        TResult result;
        try
        {
            result = ResultCodec.Read<TResult>(body, references);
        }
        catch (SerializerException failure)
        {
            return TryFail(failure);
        }
        if (!TryComplete())
            return false;
        _completion.SetResult(result);
        return true;
    }

    internal override ValueTask RunAsync(Activation activation)
    {
        // Whatever this and the grain's method set in the execution context, the activation takes back.
        if (Context is { } context)
            RequestContext.Current = context;
        try
        {
            var running = activation.Pipeline is { } pipeline
                ? pipeline.RunAsync(this, activation)
                : Start(activation.GrainInstance!);
            if (!running.IsCompletedSuccessfully)
                return FinishAsync(running);
#pragma warning disable VSTHRD103 // The task has ended.
            Succeed(running.Result);
#pragma warning restore VSTHRD103
        }
        catch (Exception failure)
        {
            FailFrom(failure);
        }
        return default;
    }

    private async ValueTask FinishAsync(ValueTask<TResult> running)
    {
        try
        {
            Succeed(await running);
        }
        catch (Exception failure)
        {
            FailFrom(failure);
        }
    }

    private void FailFrom(Exception failure) => TryFail(Reply is null ? ExceptionCopier.Copy(failure) : failure);

    private void Succeed(TResult result)
    {
        if (Reply is { } reply)
        {
            ReplyWith(reply, result);
            return;
        }
        // Copied before the outcome is claimed, so that a result that can't cross becomes the caller's failure.
        var copy = Copier<TResult>.Copy(result);
        if (TryComplete())
            _completion.SetResult(copy);
    }

    private void ReplyWith(ICallReply reply, TResult result)
    {
        if (!TryComplete())
            return;
        try
        {
            reply.Succeed(result);
        }
        catch (Exception failure)
        {
            // Nothing was sent: the result's type may not cross a call, or it is too long for a message.
            reply.Fail(failure);
        }
    }
}

/// <summary>A call without a result.</summary>
internal abstract class VoidCall : GrainCall<Nothing>
{
    /// <summary>Calls the grain's method. Overridden by generated classes.</summary>
    public abstract ValueTask StartVoid(object grain);

    public sealed override ValueTask<Nothing> Start(object grain)
    {
        var running = StartVoid(grain);
        if (!running.IsCompletedSuccessfully)
            return FinishAsync(running);
#pragma warning disable VSTHRD103 // The task has ended; this returns its resources.
        running.GetAwaiter().GetResult();
#pragma warning restore VSTHRD103
        return default;
    }

    private static async ValueTask<Nothing> FinishAsync(ValueTask running)
    {
        await running;
        return default;
    }
}

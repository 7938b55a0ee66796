using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.Calls;

/// <summary>The caller's side of a call: context, trace, cancellation and timeout. Where the grain lives is not its concern.</summary>
internal sealed class CallSender(IMessageCenter center, CallTimeouts timeouts, CallOptions options, CallTracing? tracing)
{
    internal Task<TResult> Send<TResult>(GrainCall<TResult> call)
    {
        call.Options = options;
        call.Source = Activation.Current?.GrainId;
        if (call.CallerToken.IsCancellationRequested)
            return Task.FromCanceled<TResult>(call.CallerToken);
        if (RequestContext.Current is { } context)
        {
            try
            {
                call.Context = CopyContext(context);
            }
            catch (Exception failure)
            {
                return Task.FromException<TResult>(failure);
            }
        }
        return tracing is { IsOn: true } ? tracing.SendAsync(this, call) : SendNow(call);
    }

    internal Task<TResult> SendNow<TResult>(GrainCall<TResult> call)
    {
        timeouts.Track(call);
        call.ListenToCaller();
        center.Send(call);
        return call.Task;
    }

    /// <summary>The dictionary itself is never changed in place, so it is copied only where a value could be.</summary>
    private static Dictionary<string, object> CopyContext(Dictionary<string, object> context)
    {
        foreach (var value in context.Values)
        {
            if (!Shareable.Is(value.GetType()))
                return context.ToDictionary(entry => entry.Key, entry => ObjectCopier.Copy(entry.Value));
        }
        return context;
    }
}

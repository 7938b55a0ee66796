using System.Diagnostics;
using Orleans.Runtime;

namespace Orleans.Calls;

/// <summary>What happens around a grain's method on the callee's side: the trace, the silo's filters, the grain's own filter.</summary>
internal sealed class CallPipeline(IIncomingGrainCallFilter[] filters, bool traces)
{
    internal ValueTask<TResult> RunAsync<TResult>(GrainCall<TResult> call, Activation activation)
    {
        if (traces && CallTracing.IsOnFor(call))
            return TraceAsync(call, activation);
        return Filter(call, activation);
    }

    private async ValueTask<TResult> TraceAsync<TResult>(GrainCall<TResult> call, Activation activation)
    {
        using var activity = CallTracing.StartCallee(call);
        try
        {
            return await Filter(call, activation);
        }
        catch (Exception failure)
        {
            activity?.SetStatus(ActivityStatusCode.Error, failure.Message);
            throw;
        }
    }

    private ValueTask<TResult> Filter<TResult>(GrainCall<TResult> call, Activation activation) =>
        filters.Length == 0 && activation.GrainInstance is not IIncomingGrainCallFilter
            ? call.Start(activation.GrainInstance!)
            : FilterAsync(call, activation);

    private async ValueTask<TResult> FilterAsync<TResult>(GrainCall<TResult> call, Activation activation)
    {
        var context = new IncomingCallContext<TResult>(call, activation, filters);
        await context.Invoke();
        return context.Result is TResult result ? result : default!;
    }
}

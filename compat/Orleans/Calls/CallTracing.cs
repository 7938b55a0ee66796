using System.Diagnostics;

namespace Orleans.Calls;

/// <summary>Carries the W3C trace context with calls, and makes an activity on either side where someone listens.</summary>
internal sealed class CallTracing
{
    /// <summary>The name of the official source, so that existing listeners find it.</summary>
    private static readonly ActivitySource Source = new("Microsoft.Orleans.Application", "1.0.0");

    /// <summary>Whether this call has anything to carry.</summary>
    internal bool IsOn => Activity.Current is not null || Source.HasListeners();

    internal async Task<TResult> SendAsync<TResult>(CallSender sender, GrainCall<TResult> call)
    {
        using var activity = Start(call, ActivityKind.Client, default);
        if ((activity ?? Activity.Current) is { IdFormat: ActivityIdFormat.W3C } current)
        {
            call.TraceParent = current.Id;
            call.TraceState = current.TraceStateString;
        }
        try
        {
            return await sender.SendNow(call);
        }
        catch (Exception failure)
        {
            activity?.SetStatus(ActivityStatusCode.Error, failure.Message);
            throw;
        }
    }

    /// <summary>Starts the callee's activity, if the call carries a trace or someone listens.</summary>
    internal static Activity? StartCallee(GrainCall call)
    {
        ActivityContext.TryParse(call.TraceParent, call.TraceState, isRemote: true, out var parent);
        if (Start(call, ActivityKind.Server, parent) is { } activity)
            return activity;
        // Nobody listens to calls, but what the grain does may still be part of the caller's trace.
        return call.TraceParent is null ? null : new Activity(NameOf(call)).SetParentId(call.TraceParent).Start();
    }

    internal static bool IsOnFor(GrainCall call) => call.TraceParent is not null || Source.HasListeners();

    private static Activity? Start(GrainCall call, ActivityKind kind, ActivityContext parent)
    {
        var activity = Source.HasListeners() ? Source.StartActivity(NameOf(call), kind, parent) : null;
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("rpc.system", "orleans");
            activity.SetTag("rpc.service", call.Method.InterfaceType.Name);
            activity.SetTag("rpc.method", call.Method.Method.Name);
            activity.SetTag("rpc.orleans.target_id", call.Target.ToString());
        }
        return activity;
    }

    private static string NameOf(GrainCall call) => $"{call.Method.InterfaceType.Name}/{call.Method.Method.Name}";
}

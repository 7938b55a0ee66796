using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Calls;

/// <summary>A call on its way through the filters.</summary>
/// <typeparam name="TResult">The result's type.</typeparam>
internal sealed class IncomingCallContext<TResult>(GrainCall<TResult> call, Activation activation, IIncomingGrainCallFilter[] filters)
    : IIncomingGrainCallContext
{
    private int _stage;

    public object Grain => activation.GrainInstance!;

    public IGrainContext TargetContext => activation;

    public MethodInfo InterfaceMethod => call.Method.Method;

    public MethodInfo ImplementationMethod
    {
        get
        {
            var map = Grain.GetType().GetInterfaceMap(call.Method.InterfaceType);
            return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, call.Method.Method)];
        }
    }

    public string InterfaceName => call.Method.InterfaceType.FullName!;

    public string MethodName => call.Method.Method.Name;

    public GrainId TargetId => call.Target;

    public GrainId? SourceId => call.Source;

    public object? Result { get; set; }

    public Task Invoke()
    {
        var stage = _stage++;
        if (stage < filters.Length)
            return filters[stage].Invoke(this);
        if (stage == filters.Length && Grain is IIncomingGrainCallFilter own)
            return own.Invoke(this);
        return InvokeGrainAsync();
    }

    private async Task InvokeGrainAsync()
    {
        var result = await call.Start(Grain);
        Result = result is Nothing ? null : result;
    }
}

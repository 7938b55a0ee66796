using Orleans;

namespace GrainVault.Silo.Hosting;

/// <summary>
/// Logs what a grain throws, once and where it happened. Expected outcomes are results, so an exception is a bug or
/// broken infrastructure.
/// </summary>
internal sealed partial class GrainFaultLog(ILogger<GrainFaultLog> logger) : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (Exception exception) when (exception is not OperationCanceledException && Log(context, exception))
        {
            throw; // Never reached: the filter logs where the stack still stands and declines.
        }
    }

    private bool Log(IIncomingGrainCallContext context, Exception exception)
    {
        LogFault(logger, exception, context.InterfaceName, context.MethodName, context.TargetId.ToString());
        return false;
    }

    [LoggerMessage(1040, LogLevel.Error, "{Interface}.{Method} of {Grain} failed")]
    private static partial void LogFault(ILogger logger, Exception exception, string @interface, string method, string grain);
}

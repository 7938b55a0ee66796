using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>What a silo logs.</summary>
internal sealed partial class SiloLog(ILogger logger)
{
    [LoggerMessage(1, LogLevel.Information, "Silo {Name} started: bundled runtime, cluster {ClusterId}, service {ServiceId}, {ClassCount} grain classes.")]
    internal partial void Started(string name, string clusterId, string serviceId, int classCount);

    [LoggerMessage(2, LogLevel.Information, "Silo {Name} is stopping; it ends {ActivationCount} activations.")]
    internal partial void Stopping(string name, int activationCount);

    [LoggerMessage(3, LogLevel.Information, "Silo {Name} stopped.")]
    internal partial void Stopped(string name);

    [LoggerMessage(4, LogLevel.Warning, "Silo {Name} stopped with {ActivationCount} activations that had not ended.")]
    internal partial void StoppedEarly(string name, int activationCount);

    [LoggerMessage(5, LogLevel.Critical, "The other silos have declared silo {Name} ({Address}) dead. It refuses all calls from now on and its process ends.")]
    internal partial void DeclaredDead(string name, SiloAddress address);

    [LoggerMessage(6, LogLevel.Information, "{ActivationCount} activations belong to other silos by now; they end here.")]
    internal partial void HandingOver(int activationCount);

    [LoggerMessage(7, LogLevel.Warning, "Silo {Name} could not tell the others that it leaves; they will find out by themselves.")]
    internal partial void LeavingFailed(Exception failure, string name);

    [LoggerMessage(10, LogLevel.Warning, "The activation of {GrainId} failed.")]
    internal partial void ActivationFailed(Exception failure, GrainId grainId);

    [LoggerMessage(11, LogLevel.Warning, "The activation of {GrainId} did not end in order.")]
    internal partial void DeactivationFailed(Exception failure, GrainId grainId);

    [LoggerMessage(12, LogLevel.Warning, "A turn of {GrainId} took {ElapsedMs} ms.")]
    internal partial void TurnWasLong(GrainId grainId, long elapsedMs);

    [LoggerMessage(13, LogLevel.Error, "A turn of {GrainId} failed within the runtime.")]
    internal partial void TurnFailed(Exception failure, GrainId grainId);

    [LoggerMessage(14, LogLevel.Error, "A timer of {GrainId} failed; it goes on.")]
    internal partial void TimerFailed(Exception failure, GrainId grainId);

    [LoggerMessage(20, LogLevel.Error, "Reminder {ReminderName} of {GrainId} failed; it goes on.")]
    internal partial void ReminderFailed(Exception failure, string reminderName, GrainId grainId);

    [LoggerMessage(21, LogLevel.Error, "The table of reminders could not be read; it is tried again.")]
    internal partial void ReminderRefreshFailed(Exception failure);
}

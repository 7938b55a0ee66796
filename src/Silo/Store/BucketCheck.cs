using GrainVault.Storage;
using GrainVault.Storage.S3.Setup;
using Microsoft.Extensions.Options;

namespace GrainVault.Silo.Store;

/// <summary>
/// Looks once after start, as soon as the bucket is there, whether it was told what uploads straight to it need, and says in the log
/// what is missing. Nothing waits for it: uploads through front ends need none of that.
/// </summary>
internal sealed partial class BucketCheck(
    IOptions<ObjectsOptions> options, BucketPlan plan, TimeProvider time, ILogger<BucketCheck> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var setup = new BucketSetup(options.Value.S3, plan);
        try
        {
            while (!await TryCheckAsync(setup, stoppingToken))
                await Task.Delay(RetryDelay, time, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>False while the server or the bucket is not there; whoever waits for them says so.</summary>
    private async Task<bool> TryCheckAsync(BucketSetup setup, CancellationToken cancellationToken)
    {
        try
        {
            // The bucket, which comes first, is made by this process or refused.
            var lines = await setup.CheckAsync(cancellationToken);
            if (lines is [{ State: SetupState.Missing }])
                return false;
            foreach (var line in lines)
                Say(line);
            return true;
        }
        catch (ObjectStoreException exception) when (exception.Error == ObjectStoreError.Unavailable)
        {
            return false;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // A check that fails in a way it did not foresee ends nothing.
            LogFailed(logger, exception);
            return true;
        }
    }

    private void Say(SetupLine line)
    {
        switch (line.State)
        {
            case SetupState.Missing:
                LogMissing(logger, line.Thing, line.Detail);
                break;
            case SetupState.Wrong:
                LogWrong(logger, line.Thing, line.Detail);
                break;
            case SetupState.NotOffered or SetupState.Unknown:
                LogUnknown(logger, line.Thing, line.Detail);
                break;
        }
    }

    [LoggerMessage(1080, LogLevel.Warning, "The bucket's {Thing}: {Detail}; 'grainvault store setup' sets it")]
    private static partial void LogMissing(ILogger logger, string thing, string detail);

    [LoggerMessage(1081, LogLevel.Warning, "The bucket's {Thing}: {Detail}; who has configured that must change it")]
    private static partial void LogWrong(ILogger logger, string thing, string detail);

    [LoggerMessage(1082, LogLevel.Information, "The bucket's {Thing} could not be checked: {Detail}")]
    private static partial void LogUnknown(ILogger logger, string thing, string detail);

    [LoggerMessage(1083, LogLevel.Warning, "What the bucket was told could not be checked")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}

using GrainVault.Silo.Startup;
using Microsoft.Extensions.Primitives;

namespace GrainVault.Api.Auth;

/// <summary>
/// Loads the signing keys before the first request and follows their rotation: from the configuration when it changes, from
/// the data directory by age.
/// </summary>
internal sealed class SigningKeyService(
    SigningKeyRing ring,
    SigningKeySource source,
    TimeProvider time,
    ILogger<SigningKeyService> logger) : BackgroundService
{
    private static readonly TimeSpan CheckPeriod = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        ring.Replace(source.Load());
        logger.Loaded(ring.Active.Kid);
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var changes = ChangeToken.OnChange(() => source.Changes, Reload);
        using var timer = new PeriodicTimer(CheckPeriod, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Reload();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private void Reload()
    {
        try
        {
            var before = ring.Active.Kid;
            ring.Replace(source.Load());
            if (ring.Active.Kid != before)
                logger.Rotated(before, ring.Active.Kid);
        }
        catch (StartRefusedException exception)
        {
            logger.ReloadFailed(exception);
        }
    }
}

internal static partial class SigningKeyServiceLog
{
    [LoggerMessage(1111, LogLevel.Information, "Access tokens are signed with key {Kid}.")]
    public static partial void Loaded(this ILogger<SigningKeyService> logger, string kid);

    [LoggerMessage(1112, LogLevel.Information, "Access tokens were signed with key {Before} and are now with {Kid}.")]
    public static partial void Rotated(this ILogger<SigningKeyService> logger, string before, string kid);

    [LoggerMessage(1113, LogLevel.Error, "The signing keys could not be read again; those before stay in use.")]
    public static partial void ReloadFailed(this ILogger<SigningKeyService> logger, Exception exception);
}

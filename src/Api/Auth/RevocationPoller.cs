using GrainVault.Accounts;

namespace GrainVault.Api.Auth;

/// <summary>Asks for ended logins at short intervals, so that a revocation reaches this process within 5 s.</summary>
internal sealed class RevocationPoller(
    IGrainFactory grains,
    RevokedLogins revoked,
    AuthOptions options,
    TimeProvider time,
    ILogger<RevocationPoller> logger) : BackgroundService
{
    /// <summary>Logins that one page of <see cref="IRevocationGrain.ListAsync"/> holds at most.</summary>
    private const int PageMax = 10_000;

    /// <summary>Longest time between two polls; what was ended has to be heard of within that.</summary>
    public static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for a page, so that one answer that stays away does not keep from asking again.</summary>
    private static readonly TimeSpan AnswerWait = TimeSpan.FromSeconds(2);

    private bool _isFailing;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.RevocationPollPeriod, time);
        DateTimeOffset? since = null;
        try
        {
            do
            {
                since = await PollAsync(since, stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task<DateTimeOffset?> PollAsync(DateTimeOffset? since, CancellationToken cancellationToken)
    {
        try
        {
            RevocationPage page;
            do
            {
                revoked.Asking();
                page = await grains.GetGrain<IRevocationGrain>("r-0").ListAsync(since, cancellationToken).WaitAsync(AnswerWait, time, cancellationToken);
                var until = time.GetUtcNow() + options.AccessTokenLifetime + options.ClockSkew;
                foreach (var login in page.LoginIds)
                    revoked.Add(login, until);
                since = page.Until;
            }
            while (page.LoginIds.Count >= PageMax);

            revoked.Confirm();
            if (_isFailing)
                logger.Recovered();
            _isFailing = false;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (!_isFailing)
                logger.Failed(exception);
            _isFailing = true;
        }

        return since;
    }
}

internal static partial class RevocationPollerLog
{
    [LoggerMessage(1101, LogLevel.Warning, "Ended logins can't be asked for; the last answer is kept.")]
    public static partial void Failed(this ILogger<RevocationPoller> logger, Exception exception);

    [LoggerMessage(1102, LogLevel.Information, "Ended logins can be asked for again.")]
    public static partial void Recovered(this ILogger<RevocationPoller> logger);
}

using GrainVault.Api.Http;

namespace GrainVault.Api.Ingest;

/// <summary>Confirms subscriptions of configured topics, by asking SNS as its message says; no other host is ever asked.</summary>
internal sealed partial class SnsSubscriptions(ILogger<SnsSubscriptions> logger) : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Timeout };

    /// <summary>Confirms; null when SNS has taken it.</summary>
    public async Task<Problem?> ConfirmAsync(SnsMessage message, CancellationToken cancellationToken)
    {
        if (!message.HasGenuineUrl)
            return Problem.Invalid("SubscribeURL is not one of SNS.");
        try
        {
            using var answer = await _http.GetAsync(message.SubscribeUrl, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            Confirmed(logger, message.TopicArn, (int)answer.StatusCode);
            return answer.IsSuccessStatusCode ? null : NotTaken;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Failed(logger, message.TopicArn, exception);
            return NotTaken;
        }
    }

    public void Dispose() => _http.Dispose();

    private static Problem NotTaken => new(ProblemTypes.Unavailable, "SNS did not take the confirmation.") { RetryAfterSeconds = 30 };

    // Never the URL: it holds the token.
    [LoggerMessage(6200, LogLevel.Information, "Subscription to {Topic} confirmed: SNS answered {Status}")]
    private static partial void Confirmed(ILogger logger, string topic, int status);

    [LoggerMessage(6201, LogLevel.Warning, "Subscription to {Topic} could not be confirmed")]
    private static partial void Failed(ILogger logger, string topic, Exception exception);
}

using System.Diagnostics;
using System.Net;

namespace GrainVault.Crash.Tests;

/// <summary>
/// Comes back after a 503 when it says so, as HTTP clients do: a front end that outlived its PostgreSQL may say that it is ready
/// before it has noticed.
/// </summary>
internal sealed class PatientHandler() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false })
{
    private static readonly TimeSpan GivesUpAfter = TimeSpan.FromSeconds(60);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || answer.Headers.RetryAfter?.Delta is not { } pause || clock.Elapsed > GivesUpAfter)
                return answer;
            answer.Dispose();
            await Task.Delay(pause, cancellationToken);
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace GrainVault.Cluster.Tests.Load;

/// <summary>
/// One client of several front ends. It uses one of them until that breaks a connection, and retries by its
/// <see cref="RetryRule"/>. A 503 without <c>Retry-After</c>, any other status of 500 and more, and no answer within
/// <see cref="AnswerWithin"/> are errors that no fault excuses.
/// </summary>
internal sealed class VaultClient : IDisposable
{
    /// <summary>Longer than every limit of the server: whoever waits as long was forgotten.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(100);

    private static readonly TimeSpan PauseAfterBrokenConnection = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RetryAfterMax = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly IReadOnlyList<Uri> _frontEnds;
    private readonly Traffic _traffic;
    private readonly int _first;
    private int _current;

    public VaultClient(IReadOnlyList<Uri> frontEnds, int first, Traffic traffic)
    {
        _frontEnds = frontEnds;
        _traffic = traffic;
        _current = _first = first % frontEnds.Count;
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = AnswerWithin };
    }

    public RetryRule Rule { get; set; } = RetryRule.Patient;

    /// <summary>Who asks; null for nobody.</summary>
    public LoadUser? User { get; set; }

    /// <summary>Sends until there is an answer that is no reason to try again.</summary>
    /// <param name="makeRequest">Makes the request anew for each try; its address is relative.</param>
    public async Task<Answer> SendAsync(Func<HttpRequestMessage> makeRequest)
    {
        var clock = Stopwatch.StartNew();
        for (var retries = 0; ; retries++)
        {
            var frontEnd = _frontEnds[_current];
            var (answer, trouble, pause) = await TryAsync(makeRequest, frontEnd);
            if (answer is not null)
            {
                _traffic.CountAnswer(clock.Elapsed);
                return answer;
            }

            _traffic.CountTrouble(trouble!);
            if (retries >= Rule.RetryCountMax || clock.Elapsed > Rule.GivesUpAfter)
                throw new UnexpectedAnswerException($"gave up after {retries + 1} tries and {clock.Elapsed.TotalSeconds:f1} s; the last was at {frontEnd}: {trouble}");
            if (pause is null || Rule.MovesAfterAnyTrouble)
                _current = (_current + 1) % _frontEnds.Count;
            await Task.Delay(pause ?? PauseAfterBrokenConnection);
        }
    }

    /// <summary>Goes back to the front end that it began with: after some faults, everybody would be at the same one.</summary>
    public void GoHome() => _current = _first;

    public Task<Answer> GetAsync(string path) => SendAsync(() => new HttpRequestMessage(HttpMethod.Get, path));

    public void Dispose() => _http.Dispose();

    private async Task<(Answer? Answer, string? Trouble, TimeSpan? Pause)> TryAsync(Func<HttpRequestMessage> makeRequest, Uri frontEnd)
    {
        using var request = makeRequest();
        var name = $"{request.Method} {request.RequestUri}";
        request.RequestUri = new Uri(frontEnd, request.RequestUri!);
        request.Headers.Authorization ??= User is null ? null : new AuthenticationHeaderValue("Bearer", User.AccessToken);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var body = await response.Content.ReadAsByteArrayAsync();
            var answer = new Answer(response.StatusCode, body, name, frontEnd);
            return response.StatusCode == HttpStatusCode.ServiceUnavailable && PauseOf(response) is { } pause
                ? (null, $"503 {answer.Json["type"]} at :{frontEnd.Port}", pause)
                : (answer, null, null);
        }
        catch (Exception exception) when (IsBrokenConnection(exception))
        {
            return (null, $"broken connection at :{frontEnd.Port}", null);
        }
        catch (OperationCanceledException exception)
        {
            throw new UnexpectedAnswerException($"{name} at {frontEnd}: no answer within {AnswerWithin.TotalSeconds} s ({exception.Message})");
        }
    }

    private static TimeSpan? PauseOf(HttpResponseMessage response) =>
        response.Headers.RetryAfter?.Delta is { } delta ? (delta < RetryAfterMax ? delta : RetryAfterMax) : null;

    /// <summary>Refused, reset, or ended before the answer was whole.</summary>
    private static bool IsBrokenConnection(Exception exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.ResponseEnded } => true,
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => true,
        SocketException => true,
        HttpRequestException or IOException => exception.InnerException is { } inner && IsBrokenConnection(inner),
        _ => false,
    };
}

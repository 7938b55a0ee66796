using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using GrainVault.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Webhooks;

/// <summary>What came of an attempt.</summary>
/// <param name="IsTaken">The receiver has it: a 2xx.</param>
/// <param name="IsGone">The receiver wants no more: 410.</param>
/// <param name="Text">Status code, or a word.</param>
internal readonly record struct DeliveryOutcome(bool IsTaken, bool IsGone, string Text);

/// <summary>
/// Sends deliveries to addresses that users name. Whom a connection reaches is decided by the address that it is made to, looked up once:
/// a name that leads elsewhere the next moment, or a redirect, leads nowhere. Of the answer only the status is read.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    private const int HeadersLengthMaxKilobytes = 16;

    private readonly HttpClient _http;
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Creates the client.</summary>
    public WebhookSender(IOptions<WebhookOptions> options, TimeProvider time)
    {
        _options = options.Value;
        _time = time;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = ConnectAsync,
            MaxResponseHeadersLength = HeadersLengthMaxKilobytes,
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Sends a message once.</summary>
    public async Task<DeliveryOutcome> SendAsync(string url, byte[] secret, string messageId, byte[] body, CancellationToken cancellationToken)
    {
        var seconds = _time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", messageId);
        request.Headers.Add("webhook-timestamp", seconds.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", WebhookRules.Sign(secret, messageId, seconds, body));
        request.Headers.UserAgent.ParseAdd("GrainVault");
        using var limit = new CancellationTokenSource(_options.Timeout, _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, end.Token);
            var status = (int)answer.StatusCode;
            return new DeliveryOutcome(answer.IsSuccessStatusCode, answer.StatusCode == HttpStatusCode.Gone, status.ToString(CultureInfo.InvariantCulture));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new DeliveryOutcome(false, false, "timeout");
        }
        catch (HttpRequestException exception)
        {
            return new DeliveryOutcome(false, false, Word(exception));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    // What the network behind this machine looks like is nothing that the user is to learn.
    private static string Word(HttpRequestException exception) => exception switch
    {
        { InnerException: AddressRefusedException } => "address-not-allowed",
        { HttpRequestError: HttpRequestError.NameResolutionError } => "no-such-host",
        { HttpRequestError: HttpRequestError.SecureConnectionError } => "no-secure-connection",
        { HttpRequestError: HttpRequestError.ConnectionError } => "no-connection",
        _ => "no-answer",
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endPoint = context.DnsEndPoint;
        var addresses = await Dns.GetHostAddressesAsync(endPoint.Host, cancellationToken);
        if (!_options.AllowPrivateAddresses)
            addresses = [.. addresses.Where(PublicAddresses.Contains)];
        if (addresses.Length == 0)
            throw new AddressRefusedException();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, endPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The name leads to no address that webhooks may go to.</summary>
    private sealed class AddressRefusedException() : IOException("The address is not one that webhooks may go to.");
}

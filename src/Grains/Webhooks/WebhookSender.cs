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
/// <param name="Text">Status code, or a word. Users see it: it tells nothing of the network behind this machine.</param>
/// <param name="Cause">The same for the log, which says more where no connection was made.</param>
internal readonly record struct DeliveryOutcome(bool IsTaken, bool IsGone, string Text, string Cause);

/// <summary>
/// Sends deliveries to addresses that users name. Whom a connection reaches is decided by the address that it is made to, looked up once:
/// a name that leads elsewhere the next moment, or a redirect, leads nowhere. Of the answer only the status is read.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    private const int HeadersLengthMaxKilobytes = 16;

    /// <summary>
    /// The outcome where no connection was made, whether the name leads nowhere or to an address that webhooks may not go to, or nobody
    /// listens there: telling these apart would tell names and addresses of this network.
    /// </summary>
    private const string NoConnection = "no-connection";

    private static readonly HttpRequestOptionsKey<Progress> ProgressKey = new("progress");

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
        var progress = new Progress();
        request.Options.Set(ProgressKey, progress);
        using var limit = new CancellationTokenSource(_options.Timeout, _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, end.Token);
            var status = (int)answer.StatusCode;
            var text = status.ToString(CultureInfo.InvariantCulture);
            return new DeliveryOutcome(answer.IsSuccessStatusCode, answer.StatusCode == HttpStatusCode.Gone, text, text);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return progress.IsConnecting ? new DeliveryOutcome(false, false, NoConnection, "connect-timeout") : new DeliveryOutcome(false, false, "timeout", "timeout");
        }
        catch (HttpRequestException exception)
        {
            return Failed(exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static DeliveryOutcome Failed(HttpRequestException exception) => exception switch
    {
        { InnerException: AddressRefusedException } => new(false, false, NoConnection, "address-not-allowed"),
        { HttpRequestError: HttpRequestError.NameResolutionError } => new(false, false, NoConnection, "no-such-host"),
        { HttpRequestError: HttpRequestError.ConnectionError } => new(false, false, NoConnection, NoConnection),
        { HttpRequestError: HttpRequestError.SecureConnectionError } => new(false, false, "no-secure-connection", "no-secure-connection"),
        _ => new(false, false, "no-answer", "no-answer"),
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        Invariant.That(context.InitialRequestMessage.Options.TryGetValue(ProgressKey, out var progress), "every request has its progress");
        progress!.IsConnecting = true;
        var stream = await ConnectAsync(context.DnsEndPoint, cancellationToken);
        progress.IsConnecting = false;
        return stream;
    }

    private async Task<NetworkStream> ConnectAsync(DnsEndPoint endPoint, CancellationToken cancellationToken)
    {
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

    /// <summary>How far a request has come.</summary>
    private sealed class Progress
    {
        private volatile bool _isConnecting;

        public bool IsConnecting { get => _isConnecting; set => _isConnecting = value; }
    }

    /// <summary>The name leads to no address that webhooks may go to.</summary>
    private sealed class AddressRefusedException() : IOException("The address is not one that webhooks may go to.");
}

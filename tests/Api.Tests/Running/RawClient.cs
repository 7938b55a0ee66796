using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GrainVault.Api.Tests.Running;

/// <summary>A client that says exactly what it is told to, and stops where it is told to.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TcpClient _tcp;
    private readonly List<byte> _received = [];
    private NetworkStream? _stream;

    private RawClient(IPAddress? from) => _tcp = from is null ? new TcpClient() : new TcpClient(new IPEndPoint(from, 0));

    /// <param name="address">The server.</param>
    /// <param name="from">One of this machine's addresses; null for the usual one.</param>
    public static async Task<RawClient> ConnectAsync(Uri address, IPAddress? from = null)
    {
        var client = new RawClient(from);
        await client._tcp.ConnectAsync(address.Host, address.Port);
        client._stream = client._tcp.GetStream();
        return client;
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await _stream!.WriteAsync(bytes);

    /// <summary>Request line and headers, with Host and the token.</summary>
    public Task SendHeadAsync(Account user, string requestLine, params string[] headers) =>
        SendAsync($"{requestLine} HTTP/1.1\r\nHost: vault\r\nAuthorization: Bearer {user.AccessToken}\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n");

    /// <summary>Ends what this side sends; the other side can still answer.</summary>
    public void FinishSending() => _tcp.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Closes the connection with a reset, as a machine that lost its power seems to.</summary>
    public void Reset()
    {
        _tcp.Client.LingerState = new LingerOption(true, 0);
        _tcp.Close();
    }

    /// <summary>The next status that arrives, 100 included; 0 when the connection ends without one.</summary>
    public async Task<int> StatusAsync() =>
        await HeadAsync() is { Length: > 0 } head ? int.Parse(head.AsSpan("HTTP/1.1 ".Length, 3), NumberStyles.None, CultureInfo.InvariantCulture) : 0;

    /// <summary>The next status line that arrives, with its headers; empty when the connection ends without one.</summary>
    public async Task<string> HeadAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var buffer = new byte[4096];
        while (true)
        {
            var text = Encoding.Latin1.GetString([.. _received]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                _received.RemoveRange(0, end + 4);
                return text[..end];
            }

            int read;
            try
            {
                read = await _stream!.ReadAsync(buffer, patience.Token);
            }
            catch (IOException)
            {
                return "";
            }

            if (read == 0)
                return "";
            _received.AddRange(buffer.AsSpan(0, read));
        }
    }

    public void Dispose() => _tcp.Dispose();
}

using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Orleans.Messaging;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>A peer that sends whatever a test wants.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly TcpClient _client = new();

    public NetworkStream Stream => _client.GetStream();

    public static async Task<RawPeer> ConnectAsync(IPEndPoint endpoint)
    {
        var peer = new RawPeer();
        await peer._client.ConnectAsync(endpoint);
        return peer;
    }

    /// <summary>A peer that has said who it is, and was believed.</summary>
    public static async Task<RawPeer> ConnectAsync(IPEndPoint endpoint, Hello hello)
    {
        var peer = await ConnectAsync(endpoint);
        await peer.Stream.WriteAsync(BytesOf(hello.ToFrame()));
        var answer = new byte[Frame.PrefixBytes];
        await peer.Stream.ReadExactlyAsync(answer);
        Frame.ReadPrefix(answer, out var headerBytes, out var bodyBytes);
        await peer.Stream.ReadExactlyAsync(new byte[headerBytes + bodyBytes]);
        return peer;
    }

    public static byte[] BytesOf(OutgoingFrame frame)
    {
        var stream = new MemoryStream();
        var output = PipeWriter.Create(stream);
        frame.CopyTo(output);
        output.Complete();
        return stream.ToArray();
    }

    /// <summary>Waits until the other side closes the connection.</summary>
    /// <returns>How many bytes it sent before.</returns>
    public async Task<int> ReadToEndAsync()
    {
        var buffer = new byte[4096];
        var count = 0;
        try
        {
            while (await Stream.ReadAsync(buffer) is > 0 and var read)
                count += read;
        }
        catch (IOException)
        {
            // A reset is an end too.
        }
        return count;
    }

    public void Dispose() => _client.Dispose();
}

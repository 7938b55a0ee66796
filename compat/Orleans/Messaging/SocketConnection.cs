using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Orleans.Messaging;

/// <summary>
/// A socket as a connection for the framework's connection middleware. Reads and writes go to the socket from where they are
/// made, with no pump between: a batch costs one call of the system, and whoever doesn't read is not sent more.
/// </summary>
internal sealed class SocketConnection : ConnectionContext, IDuplexPipe
{
    /// <summary>What is read or written at once, in bytes.</summary>
    private const int BlockBytes = 64 << 10;

    private const int KeepAliveSeconds = 20;
    private const int KeepAliveRetryCount = 3;

    private static long _lastId;

    private readonly Socket _socket;
    private readonly CancellationTokenSource _closed = new();
    private int _isClosed;

    internal SocketConnection(Socket socket)
    {
        socket.NoDelay = true;
        // A peer whose machine is gone says nothing more; without this its connection would stay for good.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveRetryCount);
        _socket = socket;
        var stream = new NetworkStream(socket, ownsSocket: false);
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(MemoryPool<byte>.Shared, BlockBytes, minimumReadSize: BlockBytes / 4, leaveOpen: false, useZeroByteReads: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(MemoryPool<byte>.Shared, BlockBytes));
        Transport = this;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override string ConnectionId { get; set; } = $"orleans-{Interlocked.Increment(ref _lastId)}";

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override IDuplexPipe Transport { get; set; }

    public override CancellationToken ConnectionClosed
    {
        get => _closed.Token;
        set => throw new NotSupportedException();
    }

    internal static async Task<SocketConnection> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken);
            return new SocketConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override void Abort(ConnectionAbortedException abortReason) => Abort();

    /// <summary>Ends what is being read and written. Safe to call from any thread, more than once.</summary>
    public override void Abort()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The peer was faster.
        }
        _socket.Dispose();
        _closed.Cancel();
    }

    public override ValueTask DisposeAsync()
    {
        Abort();
        return default;
    }
}

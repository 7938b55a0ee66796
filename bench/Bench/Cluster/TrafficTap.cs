using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace GrainVault.Bench.Cluster;

/// <summary>
/// Stands between the processes and a server on this machine and counts what passes: bytes either way and, where PostgreSQL is
/// behind it, round trips (https://www.postgresql.org/docs/current/protocol-message-formats.html: Sync and Query).
/// </summary>
internal sealed class TrafficTap : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, Port> _ports = new();

    /// <summary>Opens a port that leads to another one of the loopback address.</summary>
    public IPEndPoint Open(int port) => _ports.GetOrAdd(port, static port => new Port(port)).Address;

    /// <summary>What has passed so far to a server and back.</summary>
    public Traffic Read(int port) => _ports[port].Read();

    public async ValueTask DisposeAsync()
    {
        foreach (var port in _ports.Values)
            await port.DisposeAsync();
    }

    /// <param name="StatementCount">Round trips to PostgreSQL.</param>
    /// <param name="SentBytes">To the server.</param>
    /// <param name="ReceivedBytes">From the server.</param>
    /// <param name="ConnectionCount">Connections opened.</param>
    internal readonly record struct Traffic(long StatementCount, long SentBytes, long ReceivedBytes, long ConnectionCount);

    private sealed class Port : IAsyncDisposable
    {
        private readonly int _target;
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _closing = new();
        private readonly Task _accepting;
        private long _statementCount;
        private long _sentBytes;
        private long _receivedBytes;
        private long _connectionCount;

        public Port(int target)
        {
            _target = target;
            _listener.Start();
            _accepting = AcceptAsync();
        }

        public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

        public Traffic Read() => new(
            Interlocked.Read(ref _statementCount),
            Interlocked.Read(ref _sentBytes),
            Interlocked.Read(ref _receivedBytes),
            Interlocked.Read(ref _connectionCount));

        public async ValueTask DisposeAsync()
        {
            await _closing.CancelAsync();
            _listener.Stop();
            await _accepting;
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                    _ = ServeAsync(await _listener.AcceptTcpClientAsync(_closing.Token));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException)
            {
                // Closed.
            }
        }

        private async Task ServeAsync(TcpClient client)
        {
            Interlocked.Increment(ref _connectionCount);
            using (client)
            using (var server = new TcpClient { NoDelay = true })
            {
                client.NoDelay = true;
                try
                {
                    await server.ConnectAsync(IPAddress.Loopback, _target, _closing.Token);
                    var messages = new FrontendMessages();
                    var there = CopyAsync(client, server, block =>
                    {
                        Interlocked.Add(ref _sentBytes, block.Length);
                        Interlocked.Add(ref _statementCount, messages.CountRoundTrips(block.Span));
                    });
                    var back = CopyAsync(server, client, block => Interlocked.Add(ref _receivedBytes, block.Length));
                    await Task.WhenAny(there, back);
                }
                catch (Exception exception) when (exception is OperationCanceledException or SocketException)
                {
                    // The server is away, or this one closes.
                }
            }
        }

        private async Task CopyAsync(TcpClient from, TcpClient to, Action<ReadOnlyMemory<byte>> count)
        {
            var buffer = new byte[64 << 10];
            try
            {
                int read;
                while ((read = await from.GetStream().ReadAsync(buffer, _closing.Token)) > 0)
                {
                    count(buffer.AsMemory(0, read));
                    await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _closing.Token);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
            {
                // One end has closed, so the other one does.
            }
        }
    }

    /// <summary>Finds the messages of one connection in the blocks that arrive. Other protocols have none.</summary>
    private sealed class FrontendMessages
    {
        private const int EncryptionRequest = 80877103;
        private const int GssRequest = 80877104;

        private readonly byte[] _head = new byte[8];
        private int _headBytes;
        private long _skipBytes;
        private State _state = State.Unknown;

        private enum State
        {
            Unknown,
            Startup,
            Messages,
            Other,
        }

        public int CountRoundTrips(ReadOnlySpan<byte> block)
        {
            var count = 0;
            while (!block.IsEmpty)
            {
                // A startup message begins with a length below 16 MiB, every other protocol here with a letter.
                if (_state == State.Unknown)
                    _state = block[0] == 0 ? State.Startup : State.Other;
                if (_state == State.Other)
                    return 0;
                if (_skipBytes > 0)
                {
                    var skipped = (int)Math.Min(_skipBytes, block.Length);
                    _skipBytes -= skipped;
                    block = block[skipped..];
                    continue;
                }

                var wanted = _state == State.Startup ? 8 : 5;
                _head[_headBytes++] = block[0];
                block = block[1..];
                if (_headBytes < wanted)
                    continue;
                _headBytes = 0;
                count += _state == State.Startup ? OnStartup() : OnMessage();
            }

            return count;
        }

        private int OnStartup()
        {
            _skipBytes = BinaryPrimitives.ReadInt32BigEndian(_head) - 8;
            if (BinaryPrimitives.ReadInt32BigEndian(_head.AsSpan(4)) is not (EncryptionRequest or GssRequest))
                _state = State.Messages;
            return 0;
        }

        private int OnMessage()
        {
            _skipBytes = BinaryPrimitives.ReadInt32BigEndian(_head.AsSpan(1)) - 4;
            return _head[0] is (byte)'S' or (byte)'Q' ? 1 : 0;
        }
    }
}

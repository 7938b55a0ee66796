using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Orleans.Messaging;

/// <summary>One port: accepts connections, leads them through the configured middleware, and closes those that don't say who they are.</summary>
internal sealed class Listener
{
    private const int BacklogCount = 512;
    private const int AcceptRetryMs = 100;
    private static readonly object TimeoutKey = new();

    private readonly IPEndPoint _endPoint;
    private readonly string _name;
    private readonly MessageLimits _limits;
    private readonly MessagingLog _log;
    private readonly ConnectionDelegate _pipeline;
    private readonly Func<Hello, IncomingConnection?> _admit;
    private readonly Hello _greeting;
    private readonly ConcurrentDictionary<SocketConnection, Task> _open = new();
    private readonly Lock _gate = new();
    private readonly LinkedList<Handshake> _handshakes = new();
    private Socket? _socket;

    /// <param name="endPoint">Where to listen.</param>
    /// <param name="name">What the port is for, in the log.</param>
    /// <param name="services">The services of the host, for middleware.</param>
    /// <param name="configure">Adds the middleware.</param>
    /// <param name="greeting">What is answered to who was admitted.</param>
    /// <param name="admit">Makes the connection for a peer; null for one that does not belong here.</param>
    /// <param name="limits">The limits.</param>
    /// <param name="log">The log.</param>
    internal Listener(
        IPEndPoint endPoint,
        string name,
        IServiceProvider services,
        Action<IConnectionBuilder> configure,
        Hello greeting,
        Func<Hello, IncomingConnection?> admit,
        MessageLimits limits,
        MessagingLog log)
    {
        _endPoint = endPoint;
        _name = name;
        _greeting = greeting;
        _admit = admit;
        _limits = limits;
        _log = log;
        var builder = new ConnectionBuilder(services);
        configure(builder);
        _pipeline = builder.Run(AdmitAsync).Build();
    }

    /// <summary>How many peers have not yet said who they are.</summary>
    internal int HandshakeCount
    {
        get
        {
            lock (_gate)
                return _handshakes.Count;
        }
    }

    /// <summary>Listens.</summary>
    /// <exception cref="SocketException">The port is taken.</exception>
    internal void Start()
    {
        _socket = new Socket(_endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _socket.Bind(_endPoint);
        _socket.Listen(BacklogCount);
        _log.Listening(_name, _endPoint);
        _ = AcceptAsync(_socket);
    }

    /// <summary>Listens no more; connections stay.</summary>
    internal void StopListening() => _socket?.Dispose();

    /// <summary>Closes the port and all its connections.</summary>
    internal async Task StopAsync()
    {
        StopListening();
        foreach (var context in _open.Keys)
            context.Abort();
        await Task.WhenAll(_open.Values);
    }

    private async Task AcceptAsync(Socket listening)
    {
        while (true)
        {
            try
            {
                _ = ServeAsync(await listening.AcceptAsync());
            }
            catch (Exception failure) when (failure is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return;
            }
            catch (SocketException failure)
            {
                // The peer is gone again, or the process has too many open files.
                _log.AcceptFailed(failure, _endPoint);
                await Task.Delay(AcceptRetryMs);
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await using var context = new SocketConnection(socket);
            await ServeAsync(context);
        }
        catch (SocketException failure)
        {
            _log.Refused(null, _name, failure);
            socket.Dispose();
        }
    }

    private async Task ServeAsync(SocketConnection context)
    {
        using var handshake = new Handshake(this, context, _limits.HandshakeTimeout);
        Begin(handshake);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[context] = ended.Task;
        context.Items[TimeoutKey] = handshake;
        try
        {
            await _pipeline(context);
        }
        catch (Exception failure)
        {
            if (!handshake.IsAdmitted)
                _log.Refused(context.RemoteEndPoint, _name, handshake.Reason ?? failure);
        }
        _open.TryRemove(context, out _);
        ended.SetResult();
    }

    private async Task AdmitAsync(ConnectionContext context)
    {
        var handshake = (Handshake)context.Items[TimeoutKey]!;
        // Nothing but the first message is read before it is known who sends it.
        var first = new FrameReader(context.Transport.Input, new ReceiveBudget(Hello.SizeBytesMax), _limits.HandshakeTimeout);
        var hello = Hello.Read(await first.ReadOneAsync(Hello.SizeBytesMax, handshake.Token));
        var connection = _admit(hello)
            ?? throw new InvalidDataException($"{hello.Silo?.ToString() ?? "A client"} of cluster {hello.ClusterId} wants {hello.Target?.ToString() ?? "a gateway"} and does not belong here.");
        try
        {
            _greeting.ToFrame().CopyTo(context.Transport.Output);
            await context.Transport.Output.FlushAsync(handshake.Token);
            handshake.End();
            await connection.RunAsync(context, connection.Read(context.Transport.Input));
        }
        catch (Exception failure)
        {
            connection.Close(failure);
            throw;
        }
    }

    /// <summary>
    /// Where too many peers have not said who they are, the one that has had most time for it goes: whoever belongs here needs a
    /// round trip, so that silent peers only push out one another.
    /// </summary>
    private void Begin(Handshake handshake)
    {
        Handshake? oldest = null;
        lock (_gate)
        {
            if (_handshakes.Count >= _limits.HandshakeCountMax)
            {
                oldest = _handshakes.First!.Value;
                _handshakes.RemoveFirst();
            }
            _handshakes.AddLast(handshake.Place);
        }
        oldest?.GiveUp();
    }

    private void End(Handshake handshake)
    {
        lock (_gate)
        {
            if (handshake.Place.List is not null)
                _handshakes.Remove(handshake.Place);
        }
    }

    /// <summary>The time between a connection and its first message.</summary>
    private sealed class Handshake : IDisposable
    {
        private readonly Listener _listener;
        private readonly CancellationTokenSource _timeout;
        private readonly CancellationTokenRegistration _abort;
        private readonly SocketConnection _context;
        private volatile bool _isGivenUp;

        internal Handshake(Listener listener, SocketConnection context, TimeSpan timeout)
        {
            _listener = listener;
            _context = context;
            Place = new LinkedListNode<Handshake>(this);
            _timeout = new CancellationTokenSource(timeout);
            _abort = _timeout.Token.UnsafeRegister(static context => ((SocketConnection)context!).Abort(), context);
        }

        internal bool IsAdmitted { get; private set; }

        internal LinkedListNode<Handshake> Place { get; }

        /// <summary>Why the listener closed the connection; null where it did not.</summary>
        internal Exception? Reason =>
            _isGivenUp ? new InvalidOperationException("too many peers have not said who they are.")
            : _timeout.IsCancellationRequested ? new TimeoutException($"it did not say who it is within {_listener._limits.HandshakeTimeout}.")
            : null;

        internal CancellationToken Token => _timeout.Token;

        /// <summary>The peer has said who it is.</summary>
        internal void End()
        {
            IsAdmitted = true;
            Release();
        }

        public void Dispose()
        {
            Release();
            _timeout.Dispose();
        }

        internal void GiveUp()
        {
            _isGivenUp = true;
            _context.Abort();
        }

        private void Release()
        {
            _abort.Unregister();
            _listener.End(this);
        }
    }
}

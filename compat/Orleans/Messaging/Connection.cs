using Microsoft.AspNetCore.Connections;

namespace Orleans.Messaging;

/// <summary>One connection, from the moment it is wanted until it is closed: what waits to be sent, and the loop that reads.</summary>
internal abstract class Connection
{
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private ConnectionContext? _context;
    private volatile bool _isOpen;
    private volatile bool _isClosed;

    /// <param name="queuedCountMax">The most messages that wait to be sent.</param>
    /// <param name="limits">The other limits.</param>
    protected Connection(int queuedCountMax, MessageLimits limits)
    {
        Limits = limits;
        Budget = new ReceiveBudget(limits.ReceivedBytesMax);
        Queue = new OutgoingQueue(queuedCountMax, limits.QueuedBytesMax, Close);
    }

    /// <summary>Whether the peer has said who it is and nothing has failed since.</summary>
    internal bool IsOpen => _isOpen && !_isClosed;

    internal bool IsClosed => _isClosed;

    /// <summary>Whether the peer ever said who it is.</summary>
    internal bool WasOpen => _isOpen;

    internal ReceiveBudget Budget { get; }

    internal OutgoingQueue Queue { get; }

    /// <summary>Reads what comes on this connection.</summary>
    internal FrameReader Read(System.IO.Pipelines.PipeReader input) => new(input, Budget, Limits.BodyProgressTimeout);

    protected MessageLimits Limits { get; }

    /// <summary>Reads until the connection ends. Both sides have said who they are.</summary>
    internal async Task RunAsync(ConnectionContext context, FrameReader reader)
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            _context = context;
            _isOpen = true;
        }
        Queue.Open(context.Transport.Output);
        OnOpened();
        try
        {
            await reader.ReadAllAsync(OnFrame, _closing.Token);
            Close(new IOException("The peer has closed the connection."));
        }
        catch (Exception failure)
        {
            Close(failure);
        }
        await context.Transport.Input.CompleteAsync();
    }

    /// <summary>Ends the connection; the first reason counts.</summary>
    internal void Close(Exception reason)
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            _isClosed = true;
        }
        Queue.Close();
        _context?.Abort();
        _closing.Cancel();
        OnClosed(reason);
    }

    /// <summary>Handles a message without waiting.</summary>
    /// <exception cref="InvalidDataException">The peer must not send it.</exception>
    protected abstract void OnFrame(in Frame frame);

    protected virtual void OnOpened()
    {
    }

    protected abstract void OnClosed(Exception reason);

    protected static InvalidDataException Unexpected(FrameKind kind) => new($"The peer sent {kind}, which does not belong here.");
}

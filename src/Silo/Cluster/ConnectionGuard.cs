using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace GrainVault.Silo.Cluster;

/// <summary>
/// Stands before everything that the runtime says or hears on a connection: nothing passes until both sides have proved that
/// they hold the cluster secret. Works on any transport, since all that it needs is two pipes.
/// </summary>
/// <param name="handshake">The proof.</param>
/// <param name="handshakeTimeout">Longest time for it.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Gets a line for each refusal, bounded in number where anybody can cause them.</param>
internal sealed partial class ConnectionGuard(ClusterHandshake handshake, TimeSpan handshakeTimeout, TimeProvider time, ILogger<ConnectionGuard> logger)
{
    /// <summary>
    /// Most connections of others that are between their first byte and their proof. One more ends the one that has waited
    /// longest: whoever holds the secret proves it within a round trip, so that silent strangers only push out one another.
    /// Connections that this process opens do not count, since strangers must not keep it from reaching other silos.
    /// </summary>
    public const int HandshakeCountMax = 256;

    /// <summary>Shortest time between two lines about strangers: a port scan must not fill a disk with logs.</summary>
    private static readonly TimeSpan StrangerLinePeriod = TimeSpan.FromSeconds(10);

    private readonly LinePace _strangers = new(time);
    private readonly LinePace _wrongClocks = new(time);
    private readonly Lock _unprovenGate = new();
    private readonly LinkedList<ConnectionContext> _unproven = new();

    /// <summary>Handles a connection that somebody opened to a port of this silo.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="port">Whom the port is for.</param>
    /// <param name="next">The runtime.</param>
    public async Task AcceptAsync(ConnectionContext connection, PeerRole port, ConnectionDelegate next)
    {
        var place = TakePlace(connection);
        HandshakeOutcome outcome;
        try
        {
            outcome = await ShakeAsync(connection, (transport, token) => handshake.AcceptAsync(transport, port, token));
        }
        finally
        {
            LeavePlace(place);
        }

        if (outcome.IsWelcome)
        {
            await next(connection);
            return;
        }

        if (outcome.Verdict < HandshakeVerdict.WrongSecret)
        {
            LogRefused(logger, Name(connection.RemoteEndPoint), outcome.Detail);
            // The answer must arrive before the connection ends.
            await connection.Transport.Output.CompleteAsync();
            await connection.Transport.Input.CompleteAsync();
            return;
        }

        // A process of ours whose clock is wrong must not go unseen among strangers.
        var pace = outcome.Verdict == HandshakeVerdict.WrongClock ? _wrongClocks : _strangers;
        if (pace.IsTime(out var unsaid))
            LogStranger(logger, Name(connection.RemoteEndPoint), outcome.Detail, unsaid);
        connection.Abort(new ConnectionAbortedException(outcome.Detail));
    }

    /// <summary>Handles a connection that this process opened to a silo.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="role">What this process is.</param>
    /// <param name="next">The runtime.</param>
    /// <exception cref="ConnectionAbortedException">The silo refused, or is none of ours.</exception>
    public async Task ConnectAsync(ConnectionContext connection, PeerRole role, ConnectionDelegate next)
    {
        var outcome = await ShakeAsync(connection, (transport, token) => handshake.ConnectAsync(transport, role, token));
        if (outcome.IsWelcome)
        {
            await next(connection);
            return;
        }

        var name = Name(connection.RemoteEndPoint);
        LogNotAccepted(logger, name, outcome.Detail);
        var exception = new ConnectionAbortedException($"The silo at {name} can't be used: {outcome.Detail}.");
        connection.Abort(exception);
        throw exception;
    }

    private async Task<HandshakeOutcome> ShakeAsync(ConnectionContext connection, Func<IDuplexPipe, CancellationToken, Task<HandshakeOutcome>> shake)
    {
        using var timeout = new CancellationTokenSource(handshakeTimeout, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, connection.ConnectionClosed);
        try
        {
            return await shake(connection.Transport, ends.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return new HandshakeOutcome(HandshakeVerdict.TimedOut, $"it did not finish the handshake within {handshakeTimeout.TotalSeconds:0.###} s (GrainVault:Cluster:HandshakeTimeout)");
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            return new HandshakeOutcome(HandshakeVerdict.Closed, "the connection broke during the handshake");
        }
    }

    private LinkedListNode<ConnectionContext> TakePlace(ConnectionContext connection)
    {
        LinkedListNode<ConnectionContext>? oldest = null;
        LinkedListNode<ConnectionContext> place;
        lock (_unprovenGate)
        {
            if (_unproven.Count >= HandshakeCountMax)
            {
                oldest = _unproven.First!;
                _unproven.Remove(oldest);
            }

            place = _unproven.AddLast(connection);
        }

        oldest?.Value.Abort(new ConnectionAbortedException($"{HandshakeCountMax} later connections have not proved themselves either"));
        return place;
    }

    private void LeavePlace(LinkedListNode<ConnectionContext> place)
    {
        lock (_unprovenGate)
        {
            if (place.List is not null)
                _unproven.Remove(place);
        }
    }

    private static string Name(EndPoint? endpoint) => endpoint?.ToString() ?? "an unknown address";

    [LoggerMessage(1060, LogLevel.Warning, "Refused a process at {Endpoint}: {Detail}")]
    private static partial void LogRefused(ILogger logger, string endpoint, string detail);

    [LoggerMessage(1061, LogLevel.Warning, "Closed a connection from {Endpoint} without an answer: {Detail} ({Unsaid} more since the last such line)")]
    private static partial void LogStranger(ILogger logger, string endpoint, string detail, int unsaid);

    [LoggerMessage(1062, LogLevel.Warning, "The silo at {Endpoint} can't be used: {Detail}")]
    private static partial void LogNotAccepted(ILogger logger, string endpoint, string detail);

    /// <summary>Lets a line through now and then, and counts the others.</summary>
    private sealed class LinePace(TimeProvider time)
    {
        private readonly Lock _gate = new();
        private long? _lastAt;
        private int _unsaid;

        public bool IsTime(out int unsaid)
        {
            lock (_gate)
            {
                unsaid = _unsaid;
                if (_lastAt is { } at && time.GetElapsedTime(at) < StrangerLinePeriod)
                {
                    _unsaid++;
                    return false;
                }

                (_lastAt, _unsaid) = (time.GetTimestamp(), 0);
                return true;
            }
        }
    }
}

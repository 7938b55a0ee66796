using Microsoft.AspNetCore.Connections;

namespace Orleans.Messaging;

/// <summary>Opens connections: the socket, the configured middleware, who is who.</summary>
internal sealed class Connector
{
    private static readonly object AttemptKey = new();

    private readonly ConnectionDelegate _pipeline;
    private readonly Func<OutgoingConnection, Hello> _greeting;
    private readonly TimeSpan _openTimeout;

    /// <param name="services">The services of the host, for middleware.</param>
    /// <param name="configure">Adds the middleware.</param>
    /// <param name="greeting">What is said first.</param>
    /// <param name="openTimeout">How long it may all take.</param>
    internal Connector(
        IServiceProvider services, Action<IConnectionBuilder> configure, Func<OutgoingConnection, Hello> greeting, TimeSpan openTimeout)
    {
        _greeting = greeting;
        _openTimeout = openTimeout;
        var builder = new ConnectionBuilder(services);
        configure(builder);
        _pipeline = builder.Run(GreetAsync).Build();
    }

    /// <summary>Opens the connection and serves it until it ends, which <see cref="Connection.Close"/> tells.</summary>
    internal async Task RunAsync(OutgoingConnection connection)
    {
        using var timeout = new CancellationTokenSource(_openTimeout);
        var attempt = new Attempt(connection, timeout);
        try
        {
            await using var context = await SocketConnection.ConnectAsync(connection.Target.Endpoint, timeout.Token);
            await using var abort = timeout.Token.UnsafeRegister(static context => ((SocketConnection)context!).Abort(), context);
            context.Items[AttemptKey] = attempt;
            await _pipeline(context);
            throw new IOException("The connection was closed before both sides knew each other.");
        }
        catch (Exception failure)
        {
            connection.Close(timeout.IsCancellationRequested
                ? new TimeoutException($"The connection was not open after {_openTimeout}.", failure)
                : failure);
        }
    }

    private async Task GreetAsync(ConnectionContext context)
    {
        var (connection, timeout) = (Attempt)context.Items[AttemptKey]!;
        var greeting = _greeting(connection);
        greeting.ToFrame().CopyTo(context.Transport.Output);
        await context.Transport.Output.FlushAsync(timeout.Token);
        var reader = connection.Read(context.Transport.Input);
        var answer = Hello.Read(await reader.ReadOneAsync(Hello.SizeBytesMax, timeout.Token));
        if (answer.ClusterId != greeting.ClusterId || (greeting.Target is { } target && !target.Equals(answer.Silo)))
            throw new InvalidDataException($"The peer is {answer.Silo} of cluster {answer.ClusterId}.");
        timeout.CancelAfter(Timeout.InfiniteTimeSpan);
        await connection.RunAsync(context, reader);
    }

    private sealed record Attempt(OutgoingConnection Connection, CancellationTokenSource Timeout);
}

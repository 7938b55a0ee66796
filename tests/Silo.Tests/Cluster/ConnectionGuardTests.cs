using GrainVault.Silo.Cluster;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace GrainVault.Silo.Tests.Cluster;

/// <summary>The middleware on both ends of a connection.</summary>
public sealed class ConnectionGuardTests
{
    private const string Secret = "0123456789abcdef0123456789abcdef";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly LogRecorder _log = new();

    [Fact]
    public async Task Runtime_runs_on_both_ends_after_the_proof()
    {
        var pipes = new PipePair();
        var reached = 0;

        await Task.WhenAll(
            Create(Secret).ConnectAsync(pipes.Connector, PeerRole.Client, Reach),
            Create(Secret).AcceptAsync(pipes.Listener, PeerRole.Client, Reach)).WaitAsync(Patience);

        Assert.Equal(2, reached);
        Assert.Empty(_log.Messages);

        Task Reach(ConnectionContext connection)
        {
            Interlocked.Increment(ref reached);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Slow_peer_is_given_up_and_the_connection_aborted()
    {
        var pipes = new PipePair();
        await pipes.Connector.Transport.Output.WriteAsync("GVc1"u8.ToArray());

        await Create(Secret, TimeSpan.FromMilliseconds(50)).AcceptAsync(pipes.Listener, PeerRole.Silo, Never).WaitAsync(Patience);

        await AssertAbortedAsync(pipes);
        Assert.Contains("it did not finish the handshake within 0.05 s", Assert.Single(_log.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silent_listener_is_given_up_with_a_reason()
    {
        var pipes = new PipePair();

        var exception = await Assert.ThrowsAsync<ConnectionAbortedException>(
            () => Create(Secret, TimeSpan.FromMilliseconds(50)).ConnectAsync(pipes.Connector, PeerRole.Silo, Never)).WaitAsync(Patience);

        Assert.Contains("did not finish the handshake", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strangers_cost_one_line_and_never_reach_the_runtime()
    {
        var guard = Create(Secret);
        for (var count = 0; count < 100; count++)
        {
            var pipes = new PipePair();
            await pipes.Connector.Transport.Output.WriteAsync("GET / HTTP/1.1\r\n"u8.ToArray());
            await guard.AcceptAsync(pipes.Listener, PeerRole.Silo, Never).WaitAsync(Patience);
            await AssertAbortedAsync(pipes);
        }

        Assert.Equal(1, _log.Count(1061));
    }

    [Fact]
    public async Task Connections_without_a_proof_are_bounded_in_number_and_the_oldest_goes_first()
    {
        var guard = Create(Secret);
        var silent = Enumerable.Range(0, ConnectionGuard.HandshakeCountMax + 1).Select(_ => new PipePair()).ToList();

        var waiting = silent.ConvertAll(pipes => guard.AcceptAsync(pipes.Listener, PeerRole.Silo, Never));

        await AssertAbortedAsync(silent[0]);
        await waiting[0].WaitAsync(Patience);
        Assert.All(waiting.Skip(1), task => Assert.False(task.IsCompleted));
        silent.ForEach(pipes => pipes.Connector.Transport.Output.Complete());
        await Task.WhenAll(waiting).WaitAsync(Patience);
    }

    [Fact]
    public async Task Silent_strangers_keep_nobody_with_the_secret_out()
    {
        var guard = Create(Secret);
        var silent = Enumerable.Range(0, ConnectionGuard.HandshakeCountMax).Select(_ => new PipePair()).ToList();
        var waiting = silent.ConvertAll(pipes => guard.AcceptAsync(pipes.Listener, PeerRole.Silo, Never));
        var (inward, outward) = (new PipePair(), new PipePair());
        var reached = 0;

        await Task.WhenAll(
            guard.AcceptAsync(inward.Listener, PeerRole.Silo, Reach),
            Create(Secret).ConnectAsync(inward.Connector, PeerRole.Silo, Reach),
            guard.ConnectAsync(outward.Connector, PeerRole.Silo, Reach),
            Create(Secret).AcceptAsync(outward.Listener, PeerRole.Silo, Reach)).WaitAsync(Patience);

        Assert.Equal(4, reached);
        silent.ForEach(pipes => pipes.Connector.Transport.Output.Complete());
        await Task.WhenAll(waiting).WaitAsync(Patience);

        Task Reach(ConnectionContext connection)
        {
            Interlocked.Increment(ref reached);
            return Task.CompletedTask;
        }
    }

    private static Task AssertAbortedAsync(PipePair pipes)
    {
        var closed = new TaskCompletionSource();
        pipes.Listener.ConnectionClosed.Register(closed.SetResult);
        return closed.Task.WaitAsync(Patience);
    }

    private static Task Never(ConnectionContext connection) => throw new InvalidOperationException("the runtime was reached");

    private ConnectionGuard Create(string secret, TimeSpan? timeout = null)
    {
        var handshake = new ClusterHandshake(new ClusterSecrets(secret, []), "test", TimeSpan.FromMinutes(1), TimeProvider.System);
        return new ConnectionGuard(handshake, timeout ?? TimeSpan.FromSeconds(30), TimeProvider.System, new TypedLog(_log));
    }

    private sealed class TypedLog(ILogger log) : ILogger<ConnectionGuard>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => log.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Log(logLevel, eventId, state, exception, formatter);
    }
}

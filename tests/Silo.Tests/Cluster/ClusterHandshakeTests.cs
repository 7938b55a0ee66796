using System.Buffers;
using System.IO.Pipelines;
using GrainVault.Silo.Cluster;

namespace GrainVault.Silo.Tests.Cluster;

/// <summary>The proof of the cluster secret, over pipes in memory.</summary>
public sealed class ClusterHandshakeTests
{
    private const string Secret = "0123456789abcdef0123456789abcdef";
    private const string OtherSecret = "fedcba9876543210fedcba9876543210";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly PipePair _pipes = new();

    [Fact]
    public async Task Same_secret_welcomes_both_sides_and_leaves_the_next_bytes_alone()
    {
        var (connector, listener) = await ShakeAsync(Create(Secret), Create(Secret));
        await _pipes.Connector.Transport.Output.WriteAsync("first frame"u8.ToArray());

        Assert.True(connector.IsWelcome);
        Assert.True(listener.IsWelcome);
        Assert.Equal("first frame"u8.ToArray(), await ReadAsync(_pipes.Listener.Transport.Input));
    }

    [Fact]
    public async Task Frame_that_comes_together_with_the_proof_stays_in_the_pipe()
    {
        var listening = Create(Secret).AcceptAsync(_pipes.Listener.Transport, PeerRole.Silo, CancellationToken.None);
        await Create(Secret).ConnectAsync(_pipes.Connector.Transport, PeerRole.Silo, CancellationToken.None);
        await _pipes.Connector.Transport.Output.WriteAsync("early"u8.ToArray());

        Assert.True((await listening).IsWelcome);
        Assert.Equal("early"u8.ToArray(), await ReadAsync(_pipes.Listener.Transport.Input));
    }

    [Fact]
    public async Task Wrong_secret_gets_no_byte_of_an_answer()
    {
        var connecting = Create(OtherSecret).ConnectAsync(_pipes.Connector.Transport, PeerRole.Silo, CancellationToken.None);
        var listener = await Create(Secret).AcceptAsync(_pipes.Listener.Transport, PeerRole.Silo, CancellationToken.None);
        await _pipes.Listener.Transport.Output.CompleteAsync();

        var connector = await connecting.WaitAsync(Patience);

        Assert.Equal(HandshakeVerdict.WrongSecret, listener.Verdict);
        Assert.Equal(HandshakeVerdict.WrongSecret, connector.Verdict);
        Assert.Contains("GrainVault:Cluster:Secret is another one", connector.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Secret, new[] { OtherSecret }, OtherSecret, new string[0])]
    [InlineData(OtherSecret, new string[0], Secret, new[] { OtherSecret })]
    [InlineData(Secret, new[] { OtherSecret }, Secret, new[] { OtherSecret })]
    public async Task Rotation_lets_old_and_new_processes_talk(string connectorSecret, string[] connectorPrevious, string listenerSecret, string[] listenerPrevious)
    {
        var (connector, listener) = await ShakeAsync(Create(connectorSecret, connectorPrevious), Create(listenerSecret, listenerPrevious));

        Assert.True(connector.IsWelcome);
        Assert.True(listener.IsWelcome);
    }

    [Fact]
    public async Task Secret_of_before_the_rotation_is_refused_after_it()
    {
        var connecting = Create(OtherSecret).ConnectAsync(_pipes.Connector.Transport, PeerRole.Silo, CancellationToken.None);

        var listener = await Create(Secret, ["another secret of at least 32 characters"]).AcceptAsync(_pipes.Listener.Transport, PeerRole.Silo, CancellationToken.None);

        Assert.Equal(HandshakeVerdict.WrongSecret, listener.Verdict);
        Assert.False(connecting.IsCompleted);
    }

    [Fact]
    public async Task Wrong_cluster_is_told_to_both_sides()
    {
        var (connector, listener) = await ShakeAsync(Create(Secret, clusterId: "blue"), Create(Secret, clusterId: "green"));

        Assert.Equal(HandshakeVerdict.WrongCluster, connector.Verdict);
        Assert.Equal("it belongs to cluster 'green', this process to 'blue' (GrainVault:Cluster:ClusterId)", connector.Detail);
        Assert.Equal(HandshakeVerdict.WrongCluster, listener.Verdict);
        Assert.Equal("it belongs to cluster 'blue', this process to 'green' (GrainVault:Cluster:ClusterId)", listener.Detail);
    }

    [Theory]
    [InlineData(61)]
    [InlineData(-61)]
    [InlineData(3600)]
    public async Task Clock_that_is_too_far_off_is_the_listeners_to_log_and_gets_no_answer(int skewSeconds)
    {
        var connecting = Create(Secret, skew: TimeSpan.FromSeconds(skewSeconds)).ConnectAsync(_pipes.Connector.Transport, PeerRole.Silo, CancellationToken.None);
        var listener = await Create(Secret).AcceptAsync(_pipes.Listener.Transport, PeerRole.Silo, CancellationToken.None);
        await _pipes.Listener.Transport.Output.CompleteAsync();

        var connector = await connecting.WaitAsync(Patience);

        Assert.Equal(HandshakeVerdict.WrongClock, listener.Verdict);
        Assert.Contains($"its clock is {skewSeconds} s from ours, more than 60 s (GrainVault:Cluster:ClockSkewMax)", listener.Detail, StringComparison.Ordinal);
        Assert.Equal(HandshakeVerdict.WrongSecret, connector.Verdict);
        Assert.Contains("the clocks differ by more than GrainVault:Cluster:ClockSkewMax", connector.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-90)]
    public async Task Copy_of_a_first_message_gets_no_answer_however_old_it_is(int ageSeconds)
    {
        var hello = await CaptureHelloAsync(Create(Secret, skew: TimeSpan.FromSeconds(ageSeconds)));
        var server = Create(Secret);
        var outcomes = new List<HandshakeVerdict>();
        var answered = 0;
        for (var count = 0; count < 3; count++)
        {
            var pipes = new PipePair();
            await pipes.Connector.Transport.Output.WriteAsync(hello);
            await pipes.Connector.Transport.Output.CompleteAsync();
            outcomes.Add((await server.AcceptAsync(pipes.Listener.Transport, PeerRole.Silo, CancellationToken.None)).Verdict);
            await pipes.Listener.Transport.Output.CompleteAsync();
            answered += (await ReadAsync(pipes.Connector.Transport.Input)).Length > 0 ? 1 : 0;
        }

        // Only the one that nobody had seen yet.
        Assert.Equal(ageSeconds == 0 ? 1 : 0, answered);
        Assert.Equal(ageSeconds == 0 ? HandshakeVerdict.Replayed : HandshakeVerdict.WrongClock, outcomes[^1]);
    }

    [Theory]
    [InlineData(55)]
    [InlineData(-55)]
    public async Task Clock_that_is_a_little_off_is_welcome(int skewSeconds)
    {
        var (connector, listener) = await ShakeAsync(Create(Secret, skew: TimeSpan.FromSeconds(skewSeconds)), Create(Secret));

        Assert.True(connector.IsWelcome);
        Assert.True(listener.IsWelcome);
    }

    [Fact]
    public async Task Front_end_at_a_silo_port_is_refused()
    {
        var connecting = Create(Secret).ConnectAsync(_pipes.Connector.Transport, PeerRole.Client, CancellationToken.None);
        var listener = await Create(Secret).AcceptAsync(_pipes.Listener.Transport, PeerRole.Silo, CancellationToken.None);

        Assert.Equal(HandshakeVerdict.WrongPort, listener.Verdict);
        Assert.Equal(HandshakeVerdict.WrongPort, (await connecting.WaitAsync(Patience)).Verdict);
    }

    [Fact]
    public async Task Copy_of_a_first_message_gets_no_answer()
    {
        var server = Create(Secret);
        var hello = await CaptureHelloAsync();
        await _pipes.Connector.Transport.Output.WriteAsync(hello);
        var first = server.AcceptAsync(_pipes.Listener.Transport, PeerRole.Silo, CancellationToken.None);
        await ReadAsync(_pipes.Connector.Transport.Input);
        await _pipes.Connector.Transport.Output.WriteAsync("GVc3\0\u0020"u8.ToArray().Concat(new byte[32]).ToArray());
        var copied = new PipePair();
        await copied.Connector.Transport.Output.WriteAsync(hello);

        var second = await server.AcceptAsync(copied.Listener.Transport, PeerRole.Silo, CancellationToken.None);
        await copied.Listener.Transport.Output.CompleteAsync();

        Assert.Equal(HandshakeVerdict.WrongSecret, (await first.WaitAsync(Patience)).Verdict); // It could not confirm.
        Assert.Equal(HandshakeVerdict.Replayed, second.Verdict);
        Assert.Empty(await ReadAsync(copied.Connector.Transport.Input));
    }

    [Fact]
    public async Task Answer_by_somebody_without_the_secret_is_not_believed()
    {
        var connecting = Create(Secret).ConnectAsync(_pipes.Connector.Transport, PeerRole.Silo, CancellationToken.None);
        var forged = HandshakeStatement.Now((byte)HandshakeVerdict.Welcome, TimeProvider.System.GetUtcNow(), "test").Encode();
        await HandshakeFrame.WriteAsync(_pipes.Listener.Transport.Output, HandshakeMessages.AnswerMark, forged.Concat(new byte[32]).ToArray(), CancellationToken.None);

        var connector = await connecting.WaitAsync(Patience);

        Assert.Equal(HandshakeVerdict.WrongSecret, connector.Verdict);
        Assert.Equal("it answered without holding the cluster secret", connector.Detail);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("G")]
    [InlineData("GVc1\u007f\u007f")]
    [InlineData("GVc1\0\u0005short")]
    public async Task Garbage_is_known_from_its_first_bytes(string bytes)
    {
        var accepting = Create(Secret).AcceptAsync(_pipes.Listener.Transport, PeerRole.Silo, CancellationToken.None);
        await _pipes.Connector.Transport.Output.WriteAsync(System.Text.Encoding.Latin1.GetBytes(bytes));
        if (bytes == "G")
            await _pipes.Connector.Transport.Output.CompleteAsync();

        Assert.Equal(HandshakeVerdict.Garbage, (await accepting.WaitAsync(Patience)).Verdict);
    }

    [Fact]
    public async Task Every_mutation_of_a_first_message_is_refused_in_silence()
    {
        var hello = await CaptureHelloAsync();
        for (var offset = 0; offset < hello.Length; offset++)
        {
            var pipes = new PipePair();
            var changed = (byte[])hello.Clone();
            changed[offset] ^= 1;
            await pipes.Connector.Transport.Output.WriteAsync(changed);
            await pipes.Connector.Transport.Output.CompleteAsync();

            var outcome = await Create(Secret).AcceptAsync(pipes.Listener.Transport, PeerRole.Silo, CancellationToken.None);
            await pipes.Listener.Transport.Output.CompleteAsync();

            Assert.True(outcome.Verdict is HandshakeVerdict.Garbage or HandshakeVerdict.WrongSecret, $"byte {offset}: {outcome}");
            Assert.Empty(await ReadAsync(pipes.Connector.Transport.Input));
        }
    }

    [Fact]
    public void Nonces_are_remembered_for_their_whole_life_and_not_forever()
    {
        var time = new OffsetTime();
        var guard = new ReplayGuard(TimeSpan.FromMinutes(2), time);
        var nonce = new byte[32];

        Assert.True(guard.TryAdd(nonce));
        time.Advance(TimeSpan.FromSeconds(119));
        Assert.False(guard.TryAdd(nonce));
        time.Advance(TimeSpan.FromSeconds(100));
        Assert.False(guard.TryAdd(nonce)); // Its generation is the older one now.
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.True(guard.TryAdd(nonce));
    }

    private static ClusterHandshake Create(string secret, string[]? previous = null, string clusterId = "test", TimeSpan skew = default) =>
        new(new ClusterSecrets(secret, previous ?? []), clusterId, TimeSpan.FromMinutes(1), new OffsetTime(skew));

    private async Task<(HandshakeOutcome Connector, HandshakeOutcome Listener)> ShakeAsync(ClusterHandshake connector, ClusterHandshake listener)
    {
        var connecting = connector.ConnectAsync(_pipes.Connector.Transport, PeerRole.Silo, CancellationToken.None);
        var listening = listener.AcceptAsync(_pipes.Listener.Transport, PeerRole.Silo, CancellationToken.None);
        return (await connecting.WaitAsync(Patience), await listening.WaitAsync(Patience));
    }

    private static async Task<byte[]> CaptureHelloAsync(ClusterHandshake? sender = null)
    {
        var pipes = new PipePair();
        using var enough = new CancellationTokenSource();
        var connecting = (sender ?? Create(Secret)).ConnectAsync(pipes.Connector.Transport, PeerRole.Silo, enough.Token);
        var hello = await ReadAsync(pipes.Listener.Transport.Input);
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
        return hello;
    }

    private static async Task<byte[]> ReadAsync(PipeReader reader)
    {
        var read = await reader.ReadAsync().AsTask().WaitAsync(Patience);
        var bytes = read.Buffer.ToArray();
        reader.AdvanceTo(read.Buffer.End);
        return bytes;
    }
}

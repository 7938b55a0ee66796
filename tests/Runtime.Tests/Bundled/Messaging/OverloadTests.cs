using System.Text;
using GrainVault.Runtime.Tests.Support;
using Orleans.Messaging;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>A peer that asks for more than a process can hold: it is told so at once, and what is small still gets through.</summary>
public sealed class OverloadTests
{
    [Fact]
    public async Task Calls_that_find_no_room_fail_at_once_and_cancellations_and_probes_get_through()
    {
        // One call always fits, and no other one beside it.
        await using var cluster = await TestCluster.StartAsync(2, new MessageLimits { ReceivedBytesMax = 1 });
        var (first, second) = (cluster[0], cluster[1]);
        using var source = new CancellationTokenSource();
        var running = cluster.Grain(first, second).WaitForCancellation("full: reached", "full: cancelled", source.Token);
        await cluster.Phases.WaitFor("full: reached");
        for (var round = 0; round < 3; round++)
            await Assert.ThrowsAsync<LimitExceededException>(() => cluster.Grain(first, second).Add(1, 2)).WaitAsync(Phases.Patience);
        var probe = new Probe();
        Assert.True(TestCluster.Connection(first, second, Lane.Calls).TryAsk(probe, OutgoingConnection.Empty(FrameKind.Probe)));
        await probe.Answered.WaitAsync(Phases.Patience);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await cluster.Phases.WaitFor("full: cancelled");
        Assert.Equal(3, await cluster.Grain(first, second).Add(1, 2));
    }

    [Fact]
    public async Task Calls_without_an_outcome_are_bounded_in_number_for_whoever_sends_them()
    {
        await using var cluster = await TestCluster.StartAsync(2, new MessageLimits { ReceivedCallCountMax = 2 });
        var (first, second) = (cluster[0], cluster[1]);
        Task<string>[] calls = [.. Enumerable.Range(0, 2).Select(_ => cluster.Grain(first, second).Wait("many: reached", "many: go"))];
        await Phases.Until(() => cluster.Phases.CountOf("many: reached") == 2, "both run");
        await Assert.ThrowsAsync<LimitExceededException>(() => cluster.Grain(first, second).Where()).WaitAsync(Phases.Patience);
        await using var client = TestClient.Create([second]);
        await client.Host.StartAsync();
        // The limit is each connection's own.
        Assert.Equal(3, await client.Grains.GetGrain<IRemoteGrain>(cluster.Grain(first, second).GetPrimaryKeyString()).Add(1, 2));
        cluster.Phases.Reach("many: go");
        await Task.WhenAll(calls);
        await cluster.Grain(first, second).Where();
    }

    [Fact]
    public async Task Body_that_stops_arriving_ends_its_connection()
    {
        await using var cluster = await TestCluster.StartAsync(2, new MessageLimits { BodyProgressTimeout = TimeSpan.FromMilliseconds(200) });
        var silo = cluster[0];
        using var peer = await RawPeer.ConnectAsync(silo.Address.Endpoint, new Hello(TestCluster.ClusterId, Lane.Content, cluster[1].Address, silo.Address));
        var prefix = new byte[Frame.PrefixBytes];
        Frame.WritePrefix(prefix, FrameKind.Call, 0, 1, -1, 0, MessageLimits.BodyBytesMax);
        await peer.Stream.WriteAsync((byte[])[.. prefix, .. BitConverter.GetBytes(1000), 1, 2, 3]);
        Assert.Equal(0, await peer.ReadToEndAsync().WaitAsync(Phases.Patience));
        await Phases.Until(() => !silo.Connections.Incoming.Any(), "the connection is forgotten");
        Assert.Equal(3, await cluster.Grain(cluster[1], silo).Add(1, 2));
    }

    [Fact]
    public void Announcement_alone_makes_no_array_of_its_size()
    {
        var content = new byte[20 << 20];
        using var body = new ArrivingBody(content.Length);
        new Random(1).NextBytes(content);
        Assert.Equal(ArrivingBody.FirstStepBytes, body.AllocatedBytes);
        for (var position = 0; body.LeftBytes > 0; position += MessageLimits.ChunkBytesMax)
        {
            content.AsSpan(position, MessageLimits.ChunkBytesMax).CopyTo(body.Take(MessageLimits.ChunkBytesMax).Span);
            Assert.InRange(body.AllocatedBytes, position, Math.Max(ArrivingBody.FirstStepBytes, 16L * (position + MessageLimits.ChunkBytesMax)));
        }
        var arrived = body.Finish();
        Assert.True(content.AsSpan().SequenceEqual(arrived));
    }

    [Fact]
    public async Task Probes_for_one_peer_are_bounded_and_those_too_many_get_no_answer()
    {
        await using var cluster = await TestCluster.StartAsync(2, new MessageLimits { IndirectProbeCountMax = 4 });
        var silo = cluster[0];
        silo.BeforeProbe = async () =>
        {
            cluster.Phases.Reach("probing");
            await cluster.Phases.WaitFor("go");
        };
        using var peer = await RawPeer.ConnectAsync(silo.Address.Endpoint, new Hello(TestCluster.ClusterId, Lane.Control, cluster[1].Address, silo.Address));
        for (var id = 1; id <= 10; id++)
        {
            var frame = new OutgoingFrame(FrameKind.ProbeThrough);
            frame.EndHeader();
            System.Buffers.BuffersExtensions.Write(frame, Encoding.UTF8.GetBytes(cluster[1].Address.ToParsableString()));
            frame.SetId(id);
            await peer.Stream.WriteAsync(RawPeer.BytesOf(frame));
        }
        await AskAsync(peer, 11);
        Assert.Equal(11, await ReadIdAsync(peer));
        Assert.Equal(4, cluster.Phases.CountOf("probing"));
        cluster.Phases.Reach("go");
        HashSet<long> answered = [];
        for (var count = 0; count < 4; count++)
            answered.Add(await ReadIdAsync(peer));
        Assert.Equal([1, 2, 3, 4], answered.Order());
        await AskAsync(peer, 12);
        Assert.Equal(12, await ReadIdAsync(peer));
    }

    private static async Task AskAsync(RawPeer peer, long id)
    {
        var probe = OutgoingConnection.Empty(FrameKind.Probe);
        probe.SetId(id);
        await peer.Stream.WriteAsync(RawPeer.BytesOf(probe));
    }

    private static async Task<long> ReadIdAsync(RawPeer peer)
    {
        using var patience = new CancellationTokenSource(Phases.Patience);
        var prefix = new byte[Frame.PrefixBytes];
        await peer.Stream.ReadExactlyAsync(prefix, patience.Token);
        var answer = Frame.ReadPrefix(prefix, out var headerBytes, out var bodyBytes);
        await peer.Stream.ReadExactlyAsync(new byte[headerBytes + bodyBytes], patience.Token);
        return answer.Id;
    }

    private sealed class Probe : IAwaitsAnswer
    {
        private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Answered => _answered.Task;

        public bool OnAsked(OutgoingConnection connection, long id) => true;

        public void OnAnswer(in Frame answer, OutgoingConnection connection) => _answered.SetResult();

        public void OnLost(Exception failure) => _answered.SetException(failure);
    }
}

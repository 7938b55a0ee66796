using GrainVault.Runtime.Tests.Calls;
using GrainVault.Runtime.Tests.Support;
using Orleans.Messaging;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>Large content: it delays nothing else, stays within its bounds, and is never read after its call has ended.</summary>
public sealed class ContentTests
{
    private const int SizeBytes = 8 << 20;

    [Fact]
    public async Task Content_on_its_way_delays_neither_calls_nor_probes()
    {
        await using var cluster = await TestCluster.StartAsync(2, new MessageLimits { ReceivedBytesMax = 64 << 20 });
        var (first, second) = (cluster[0], cluster[1]);
        var held = cluster.Grain(first, second).Sum(new Content(new byte[64 << 20]), "held: reached", "held: go");
        await cluster.Phases.WaitFor("held: reached");
        // The receiver reads no more content; this one is stuck halfway.
        var stuck = cluster.Grain(first, second).Sum(new Content(new byte[64 << 20]), "stuck: reached", "held: go");
        for (var round = 0; round < 100; round++)
        {
            Assert.Equal(3, await cluster.Grain(first, second).Add(1, 2));
            await first.Control.ProbeAsync(second.Address, CancellationToken.None);
        }
        Assert.False(cluster.Phases.IsReached("stuck: reached"));
        cluster.Phases.Reach("held: go");
        Assert.Equal((0, 0), (await held, await stuck));
    }

    [Fact]
    public async Task Content_that_is_received_but_not_processed_is_bounded()
    {
        await using var cluster = await TestCluster.StartAsync(2, new MessageLimits { ReceivedBytesMax = 2 * SizeBytes + (1 << 20) });
        var (first, second) = (cluster[0], cluster[1]);
        Task<long>[] calls = [.. Enumerable.Range(0, 8).Select(_ =>
            cluster.Grain(first, second).Sum(new Content(new byte[SizeBytes]), "bound: reached", "bound: go"))];
        await Phases.Until(() => cluster.Phases.CountOf("bound: reached") == 2, "two have arrived");
        await cluster.Grain(first, second).Add(1, 1);
        var incoming = second.Connections.Incoming.Single(connection => connection.Peer.Lane == Lane.Content);
        Assert.Equal(2, incoming.CallCount);
        Assert.InRange(incoming.Budget.UsedBytes, 2 * SizeBytes, (2 * SizeBytes) + (1 << 20));
        cluster.Phases.Reach("bound: go");
        await Task.WhenAll(calls);
        Assert.Equal(8, cluster.Phases.CountOf("bound: reached"));
        await Phases.Until(() => incoming.Budget.UsedBytes == 0, "all was given back");
    }

    [Fact]
    public async Task Buffer_is_not_read_after_its_call_has_timed_out()
    {
        await using var cluster = await TestCluster.StartAsync(2, new MessageLimits { ReceivedBytesMax = SizeBytes + (1 << 20) });
        var (first, second) = (cluster[0], cluster[1]);
        var held = cluster.Grain(first, second).Sum(new Content(new byte[SizeBytes]), "buffer: reached", "buffer: go");
        await cluster.Phases.WaitFor("buffer: reached");
        var connection = TestCluster.Connection(first, second, Lane.Content);
        // The first of these is stuck halfway, since the receiver reads no more; the others have not begun.
        byte[][] buffers = [.. Enumerable.Range(0, 3).Select(_ => new byte[SizeBytes])];
        foreach (var buffer in buffers)
            Array.Fill(buffer, (byte)1);
        var grain = cluster.Grain(first, second);
        await Task.WhenAll(buffers.Select(async buffer =>
        {
            await Assert.ThrowsAsync<TimeoutException>(() => grain.SumShortly(new Content(buffer)));
            Array.Fill(buffer, (byte)2);
        }));
        cluster.Phases.Reach("buffer: go");
        await held;
        Assert.Equal(5, await grain.Add(2, 3));
        var last = new byte[SizeBytes];
        last[0] = 3;
        Assert.Equal(3, await grain.Sum(new Content(last), "buffer: last", "buffer: go"));
        Assert.Equal(0, cluster.Phases.CountOf("sum"));
        Assert.Same(connection, TestCluster.Connection(first, second, Lane.Content));
    }

    [Fact]
    public async Task Full_queue_fails_calls_at_once()
    {
        var limits = new MessageLimits { ReceivedBytesMax = SizeBytes + (1 << 20), QueuedBytesMax = 2 * SizeBytes + 1024 };
        await using var cluster = await TestCluster.StartAsync(2, limits);
        var (first, second) = (cluster[0], cluster[1]);
        var content = new Content(new byte[SizeBytes]);
        List<Task<long>> calls = [cluster.Grain(first, second).Sum(content, "full: reached", "full: go")];
        await cluster.Phases.WaitFor("full: reached");
        // One is being written, two wait, and there is no room for a fourth.
        while (calls.TrueForAll(call => !call.IsCompleted) && calls.Count < 6)
            calls.Add(cluster.Grain(first, second).Sum(content, "full: later", "full: go"));
        Assert.InRange(calls.Count, 4, 5);
        await Assert.ThrowsAsync<LimitExceededException>(() => calls[^1]);
        Assert.Equal(2, await cluster.Grain(first, second).Add(1, 1));
        cluster.Phases.Reach("full: go");
        await Task.WhenAll(calls[..^1]);
    }

    [Fact]
    public async Task Too_many_open_calls_fail_at_once()
    {
        await using var cluster = await TestCluster.StartAsync(2, new MessageLimits { PendingCallCountMax = 3 });
        var (first, second) = (cluster[0], cluster[1]);
        Task<string>[] calls = [.. Enumerable.Range(0, 3).Select(_ => cluster.Grain(first, second).Wait("many: reached", "many: go"))];
        await Assert.ThrowsAsync<LimitExceededException>(() => cluster.Grain(first, second).Where());
        cluster.Phases.Reach("many: go");
        await Task.WhenAll(calls);
        await cluster.Grain(first, second).Where();
    }

    [Fact]
    public async Task Too_long_message_fails_its_call_only()
    {
        await using var cluster = await TestCluster.StartAsync(2);
        var grain = cluster.Grain(cluster[0], cluster[1]);
        await Assert.ThrowsAsync<OrleansException>(() => grain.SumShortly(new Content(new byte[MessageLimits.BodyBytesMax + 1])));
        await Assert.ThrowsAsync<OrleansException>(() => grain.Fill(MessageLimits.BodyBytesMax + 1));
        Assert.Equal(3, await grain.Add(1, 2));
    }
}

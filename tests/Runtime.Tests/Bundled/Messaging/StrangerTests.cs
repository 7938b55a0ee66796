using System.Net;
using GrainVault.Runtime.Tests.Support;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;
using Orleans.Messaging;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>Peers that send something else than they should: their connection is closed, and nothing else happens.</summary>
public sealed class StrangerTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;
    private TestMember _silo = null!;

    public async Task InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync(2, new MessageLimits { HandshakeTimeout = TimeSpan.FromSeconds(2), HandshakeCountMax = 8 });
        _silo = _cluster[0];
    }

    public async Task DisposeAsync()
    {
        Assert.Equal(3, await _cluster.Grain(_cluster[1], _silo).Add(1, 2));
        await _cluster.DisposeAsync();
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: silo\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001 a client hello of another protocol, long enough for a prefix")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task Garbage_closes_the_connection_unanswered(string garbage)
    {
        foreach (var port in (IPEndPoint[])[_silo.Address.Endpoint, _silo.Gateway])
        {
            using var peer = await RawPeer.ConnectAsync(port);
            await peer.Stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes(garbage));
            Assert.Equal(0, await peer.ReadToEndAsync());
        }
        // Where the silo was too slow for its own patience, it says so only after it has closed the connection.
        await Phases.Until(() => _silo.Log.All.Any(line => line.Contains("Closed a connection", StringComparison.Ordinal)), "a line about it");
        Assert.Single(_silo.Log.All, line => line.Contains("Closed a connection", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Peer_that_says_nothing_is_closed_after_its_time()
    {
        using var silent = await RawPeer.ConnectAsync(_silo.Address.Endpoint);
        using var slow = await RawPeer.ConnectAsync(_silo.Gateway);
        await slow.Stream.WriteAsync(new byte[] { 1, 0 });
        Assert.Equal(0, await silent.ReadToEndAsync());
        Assert.Equal(0, await slow.ReadToEndAsync());
    }

    [Fact]
    public async Task Crowd_of_strangers_pushes_out_its_eldest_and_keeps_out_nobody_else()
    {
        List<RawPeer> crowd = [];
        for (var index = 0; index < 8; index++)
            crowd.Add(await RawPeer.ConnectAsync(_silo.Address.Endpoint));
        using (await RawPeer.ConnectAsync(_silo.Address.Endpoint, new Hello(TestCluster.ClusterId, Lane.Calls, _cluster[1].Address, _silo.Address)))
            Assert.Equal(0, await crowd[0].ReadToEndAsync());
        foreach (var peer in crowd)
            peer.Dispose();
        await Phases.Until(() => !_silo.Connections.HasStrangers, "the others are gone");
    }

    [Fact]
    public async Task Long_first_message_is_refused_before_it_is_read()
    {
        using var peer = await RawPeer.ConnectAsync(_silo.Address.Endpoint);
        var prefix = new byte[Frame.PrefixBytes];
        Frame.WritePrefix(prefix, FrameKind.Hello, 0, 0, -1, Hello.SizeBytesMax + 1, 0);
        await peer.Stream.WriteAsync(prefix);
        Assert.Equal(0, await peer.ReadToEndAsync());
    }

    [Fact]
    public async Task Peer_of_another_cluster_or_for_another_silo_is_refused()
    {
        Hello[] strangers =
        [
            new("other", Lane.Calls, _cluster[1].Address, _silo.Address),
            new(TestCluster.ClusterId, Lane.Calls, _cluster[1].Address, _cluster[1].Address),
            new(TestCluster.ClusterId, Lane.Calls, null, null),
        ];
        foreach (var stranger in strangers)
        {
            using var peer = await RawPeer.ConnectAsync(_silo.Address.Endpoint);
            await peer.Stream.WriteAsync(RawPeer.BytesOf(stranger.ToFrame()));
            Assert.Equal(0, await peer.ReadToEndAsync());
        }
        using var silo = await RawPeer.ConnectAsync(_silo.Gateway);
        await silo.Stream.WriteAsync(RawPeer.BytesOf(new Hello(TestCluster.ClusterId, Lane.Calls, _cluster[1].Address, null).ToFrame()));
        Assert.Equal(0, await silo.ReadToEndAsync());
    }

    public static TheoryData<string> Breaches => new(BreachesByName.Keys);

    private static readonly Dictionary<string, Func<byte[]>> BreachesByName = new()
    {
        ["a body over the limit"] = () => Prefix(FrameKind.Call, 10, MessageLimits.BodyBytesMax + 1),
        ["a header over the limit"] = () => Prefix(FrameKind.Call, MessageLimits.HeaderBytesMax + 1, 0),
        ["an unknown kind"] = () => Prefix((FrameKind)77, 0, 0),
        ["an answer that nobody asked for"] = () => Prefix(FrameKind.Result, 0, 0),
        ["gossip on the lane for calls"] = () => Prefix(FrameKind.Changed, 0, 0),
        ["a call without a header"] = () => Prefix(FrameKind.Call, 0, 0),
        ["a call with a broken header"] = () => [.. Prefix(FrameKind.Call, 4, 0), 0, 255, 255, 1],
        ["an empty chunk too many"] = () => [.. Prefix(FrameKind.Call, 0, 100_000), .. BitConverter.GetBytes(100_001)],
        ["garbage"] = () => [.. Enumerable.Repeat((byte)0x55, 100)],
    };

    [Theory]
    [MemberData(nameof(Breaches))]
    public async Task Peer_that_breaks_the_protocol_loses_its_connection(string breach)
    {
        using var peer = await RawPeer.ConnectAsync(_silo.Address.Endpoint, new Hello(TestCluster.ClusterId, Lane.Calls, _cluster[1].Address, _silo.Address));
        await peer.Stream.WriteAsync(BreachesByName[breach]());
        Assert.Equal(0, await peer.ReadToEndAsync());
        await Phases.Until(() => !_silo.Connections.Incoming.Any(), "the connection is forgotten");
    }

    [Fact]
    public async Task Truncated_message_is_forgotten_with_its_connection()
    {
        using (var peer = await RawPeer.ConnectAsync(_silo.Address.Endpoint, new Hello(TestCluster.ClusterId, Lane.Content, _cluster[1].Address, _silo.Address)))
            await peer.Stream.WriteAsync((byte[])[.. Prefix(FrameKind.Call, 0, 8 << 20), .. BitConverter.GetBytes(1000), 1, 2, 3]);
        await Phases.Until(() => !_silo.Connections.Incoming.Any(), "the connection is forgotten");
    }

    [Fact]
    public async Task Method_that_the_callee_does_not_have_rejects_the_call_only()
    {
        using var peer = await RawPeer.ConnectAsync(_silo.Gateway, new Hello(TestCluster.ClusterId, Lane.Calls, null, null));
        for (var id = 1; id <= 2; id++)
        {
            var frame = new OutgoingFrame(FrameKind.Call);
            frame.GetSpan(1)[0] = 0;
            frame.Advance(1);
            foreach (var part in (string[])["remote", "g-1", "test.IRemoteGrain", "MethodOfAnotherVersion"])
                CallHeader.Write(frame, part);
            frame.EndHeader();
            frame.SetId(id);
            await peer.Stream.WriteAsync(RawPeer.BytesOf(frame));
            var prefix = new byte[Frame.PrefixBytes];
            await peer.Stream.ReadExactlyAsync(prefix);
            var answer = Frame.ReadPrefix(prefix, out _, out var bodyBytes);
            Assert.Equal((FrameKind.Failure, id), (answer.Kind, answer.Id));
            await peer.Stream.ReadExactlyAsync(new byte[bodyBytes]);
        }
    }

    [Fact]
    public async Task Configured_middleware_sees_each_connection_first()
    {
        await using var cluster = await TestCluster.StartAsync(2, configure: silo => silo.Configure<SiloConnectionOptions>(options =>
        {
            options.ConfigureSiloOutboundConnection(builder => builder.Use(next => context => SendAsync(next, context, 42)));
            options.ConfigureSiloInboundConnection(builder => builder.Use(next => context => ExpectAsync(next, context, 42)));
            options.ConfigureGatewayInboundConnection(builder => builder.Use(next => context => ExpectAsync(next, context, 43)));
        }));
        Assert.Equal(3, await cluster.Grain(cluster[0], cluster[1]).Add(1, 2));
        await using var client = TestClient.Create([cluster[0]], configure: builder =>
        {
            builder.Configure<ClientConnectionOptions>(options => options.ConfigureConnection(pipe => pipe.Use(next => context => SendAsync(next, context, 43))));
            builder.UseConnectionRetryFilter((_, _) => Task.FromResult(false));
        });
        await client.Host.StartAsync();
        Assert.Equal(3, await client.Grains.GetGrain<IRemoteGrain>("g-1").Add(1, 2));
        var stranger = TestClient.Create([cluster[0]], configure: builder => builder.UseConnectionRetryFilter((_, _) => Task.FromResult(false)));
        await Assert.ThrowsAsync<SiloUnavailableException>(() => stranger.Host.StartAsync());
        stranger.Host.Dispose();
    }

    private static byte[] Prefix(FrameKind kind, int headerBytes, int bodyBytes)
    {
        var prefix = new byte[Frame.PrefixBytes];
        Frame.WritePrefix(prefix, kind, 0, 1, -1, headerBytes, bodyBytes);
        return prefix;
    }

    private static async Task SendAsync(ConnectionDelegate next, ConnectionContext context, byte token)
    {
        await context.Transport.Output.WriteAsync(new[] { token });
        await next(context);
    }

    private static async Task ExpectAsync(ConnectionDelegate next, ConnectionContext context, byte token)
    {
        var read = await context.Transport.Input.ReadAsync();
        var isRight = read.Buffer.FirstSpan[0] == token;
        context.Transport.Input.AdvanceTo(read.Buffer.GetPosition(1));
        if (isRight)
            await next(context);
    }
}

using System.Net;
using System.Net.Sockets;
using GrainVault.Runtime.Tests.Calls;
using GrainVault.Runtime.Tests.Support;
using Orleans.Messaging;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>A client finds gateways, spreads its calls over them, and survives their loss.</summary>
public sealed class ClientTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;
    private TestMember _first = null!;
    private TestMember _second = null!;

    public async Task InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync(2);
        (_first, _second) = (_cluster[0], _cluster[1]);
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public async Task Call_reaches_the_owner_by_any_gateway(int gateway, int owner)
    {
        await using var client = await TestClient.StartAsync([_first, _second]);
        var grain = client.Grain<IRemoteGrain>(_cluster[gateway], _cluster[owner]);
        Assert.Equal(_cluster[owner].Address.ToParsableString(), await grain.Where());
        Assert.Equal("no", (await Assert.ThrowsAsync<CalculatorException>(() => grain.Fail("no"))).Message);
        Assert.Equal(3 << 20, await grain.Sum(await grain.Fill(3 << 20), "client", "client"));
    }

    [Fact]
    public async Task Cancellation_reaches_the_callee_through_the_gateway()
    {
        await using var client = await TestClient.StartAsync([_first, _second]);
        using var source = new CancellationTokenSource();
        var call = client.Grain<IRemoteGrain>(_first, _second).WaitForCancellation("cancel: reached", "cancel: done", source.Token);
        await _cluster.Phases.WaitFor("cancel: reached");
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await _cluster.Phases.WaitFor("cancel: done");
    }

    [Fact]
    public async Task Stateless_worker_runs_on_the_gateway()
    {
        await using var client = await TestClient.StartAsync([_first, _second]);
        foreach (var gateway in _cluster.Members)
        {
            var worker = client.Grain<INearGrain>(gateway);
            Assert.Equal(gateway.Address.ToParsableString(), await worker.Where());
            Assert.Equal(0, await worker.Sum(new Content(new byte[1 << 20])));
        }
    }

    [Fact]
    public async Task Calls_spread_over_all_gateways()
    {
        await using var client = await TestClient.StartAsync([_first, _second]);
        HashSet<string> seen = [];
        for (var index = 0; index < 64; index++)
            seen.Add(await client.Grains.GetGrain<INearGrain>($"n-{index}").Where());
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public async Task Lost_gateway_fails_its_calls_at_once_and_takes_no_more()
    {
        await using var client = await TestClient.StartAsync([_first, _second]);
        var running = client.Grain<IRemoteGrain>(_second, _second).Wait("lost: reached", "lost: go");
        await _cluster.Phases.WaitFor("lost: reached");
        var passedOn = client.Grain<IRemoteGrain>(_first, _second).Wait("lost: reached too", "lost: go");
        await _cluster.Phases.WaitFor("lost: reached too");
        client.List(_first);
        _cluster.SetAll(_cluster.SnapshotOf(2, SiloStatus.Dead, _first));
        _second.Connections.Abort();
        await Assert.ThrowsAsync<SiloUnavailableException>(() => running);
        await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => passedOn);
        await Phases.Until(() => client.Connections.Live.Count == 1, "the lost gateway takes no part");
        for (var index = 0; index < 64; index++)
            Assert.Equal(_first.Address.ToParsableString(), await client.Grains.GetGrain<IRemoteGrain>($"g-{index}").Where());
        // Whether the first two are told of one by one depends on how close together they answer.
        await Phases.Until(() => client.Counts.TakeLast(2).SequenceEqual([2, 1]), "it was told of the loss");
    }

    [Fact]
    public async Task New_gateway_is_found_after_a_loss()
    {
        await using var client = await TestClient.StartAsync([_first]);
        client.List(_second);
        _first.Connections.Abort();
        await Phases.Until(() => client.Connections.Live.Any(gateway => gateway.Endpoint.Equals(_second.Gateway)), "the new gateway is found");
    }

    [Fact]
    public async Task Without_gateways_calls_fail_at_once()
    {
        await using var client = await TestClient.StartAsync([_first]);
        _first.Connections.Abort();
        await Phases.Until(() => client.Connections.Live.Count == 0, "the gateway is lost");
        await Assert.ThrowsAsync<SiloUnavailableException>(() => client.Grains.GetGrain<IRemoteGrain>("g-1").Where());
        await Phases.Until(() => client.Counts.Contains(0), "it was told that there is none");
    }

    [Fact]
    public async Task Gateway_that_leaves_ends_its_calls_and_gets_no_new_ones()
    {
        await using var client = await TestClient.StartAsync([_first, _second]);
        var worker = client.Grain<INearGrain>(_second);
        var running = client.Grain<IRemoteGrain>(_second, _first).Wait("leave: reached", "leave: go");
        await _cluster.Phases.WaitFor("leave: reached");
        client.List(_first);
        _cluster.SetAll(TestView.Snapshot(2, (_first.Address, SiloStatus.Active), (_second.Address, SiloStatus.ShuttingDown)));
        await Phases.Until(() => client.Connections.Live.Count == 1, "the gateway takes no part");
        Assert.Equal(_first.Address.ToParsableString(), await worker.Where());
        var stopped = _second.Connections.StopAsync(CancellationToken.None);
        Assert.False(stopped.IsCompleted);
        _cluster.Phases.Reach("leave: go");
        Assert.Equal(_first.Address.ToParsableString(), await running);
        await stopped;
    }

    [Fact]
    public async Task Start_waits_for_a_gateway_as_long_as_the_filter_wants()
    {
        var attempts = 0;
        await using var client = TestClient.Create([], configure: builder => builder.UseConnectionRetryFilter(async (failure, token) =>
        {
            Assert.IsType<SiloUnavailableException>(failure);
            await Task.Delay(10, token);
            return ++attempts < int.MaxValue;
        }));
        var started = client.Host.StartAsync();
        await Phases.Until(() => attempts > 3, "it has tried");
        Assert.False(started.IsCompleted);
        client.List(SiloAddress.New(new IPEndPoint(IPAddress.Loopback, TestCluster.FreePort()), 1));
        var before = attempts;
        await Phases.Until(() => attempts > before + 3, "it has tried a port where nobody listens");
        Assert.False(started.IsCompleted);
        client.List(_first);
        await started;
        Assert.Equal(_second.Address.ToParsableString(), await client.Grain<IRemoteGrain>(_first, _second).Where());
    }

    [Fact]
    public async Task Start_fails_when_the_filter_gives_up()
    {
        var client = TestClient.Create([], configure: builder => builder.UseConnectionRetryFilter((_, _) => Task.FromResult(false)));
        await Assert.ThrowsAsync<SiloUnavailableException>(() => client.Host.StartAsync());
        client.Host.Dispose();
    }

    [Fact]
    public async Task Silent_gateway_is_given_up()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var client = await TestClient.StartAsync([_first], new MessageLimits { GatewaySilenceMax = TimeSpan.FromSeconds(2) });
        client.List(SiloAddress.New((IPEndPoint)silent.LocalEndpoint, 1));
        _first.Connections.Abort();
        using var peer = await silent.AcceptTcpClientAsync();
        await peer.GetStream().WriteAsync(RawPeer.BytesOf(new Hello(TestCluster.ClusterId, Lane.Control, SiloAddress.New(IPAddress.Loopback, 1, 1), null).ToFrame()));
        await Phases.Until(() => client.Connections.Live.Count == 1, "the silent gateway has said who it is");
        var call = client.Grains.GetGrain<IRemoteGrain>("g-1").Where();
        await Assert.ThrowsAsync<SiloUnavailableException>(() => call);
    }
}

using System.Diagnostics;
using GrainVault.Runtime.Tests.Calls;
using GrainVault.Runtime.Tests.Support;
using Orleans.Messaging;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

/// <summary>Calls between silos: whatever a call within a silo does, a call to another one does too.</summary>
public sealed class SiloCallTests : IAsyncLifetime
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

    [Fact]
    public async Task Call_runs_on_the_owner_of_the_grain()
    {
        Assert.Equal(_second.Address.ToParsableString(), await _cluster.Grain(_first, _second).Where());
        Assert.Equal(_first.Address.ToParsableString(), await _cluster.Grain(_first, _first).Where());
        Assert.Equal(_first.Address.ToParsableString(), await _cluster.Grain(_second, _first).Where());
    }

    [Fact]
    public async Task Stateless_worker_runs_where_it_is_called()
    {
        foreach (var member in _cluster.Members)
            Assert.Equal(member.Address.ToParsableString(), await member.Grains.GetGrain<INearGrain>("n-1").Where());
    }

    [Fact]
    public async Task Arguments_and_results_arrive_whole()
    {
        var tree = new TallTree
        {
            Leaves = [new Leaf { Name = "blatt", Numbers = [1, 2, 3] }],
            ByName = { ["ü"] = new Leaf { Name = "ü" } },
            Bytes = [1, 2],
            Memory = new byte[10_000],
            HeightMetres = 7,
            Secret = 3,
        };
        var echoed = Assert.IsType<TallTree>(await _cluster.Grain(_first, _second).Echo(tree));
        Assert.Equal((7, 3, 10_000), (echoed.HeightMetres, echoed.Secret, echoed.Memory.Length));
        Assert.Equal([1, 2, 3], echoed.Leaves[0].Numbers);
        Assert.Equal("ü", echoed.ByName["ü"].Name);
    }

    [Fact]
    public async Task Exception_arrives_with_type_and_message()
    {
        var failure = await Assert.ThrowsAsync<CalculatorException>(() => _cluster.Grain(_first, _second).Fail("no"));
        Assert.Equal("no", failure.Message);
    }

    [Fact]
    public async Task Request_context_and_trace_arrive()
    {
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        RequestContext.Set("user", "u-1");
        try
        {
            Assert.Equal("u-1", await _cluster.Grain(_first, _second).Get("user"));
            Assert.Equal(activity.TraceId.ToString(), await _cluster.Grain(_first, _second).TraceId());
        }
        finally
        {
            RequestContext.Clear();
        }
    }

    [Fact]
    public async Task Reference_that_crossed_works_where_it_arrives()
    {
        var other = _cluster.Grain(_first, _first);
        Assert.Equal(_first.Address.ToParsableString(), await _cluster.Grain(_first, _second).WhereIs(other));
    }

    [Fact]
    public async Task Cancellation_reaches_the_callee()
    {
        using var source = new CancellationTokenSource();
        var call = _cluster.Grain(_first, _second).WaitForCancellation("cancel: reached", "cancel: done", source.Token);
        await _cluster.Phases.WaitFor("cancel: reached");
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await _cluster.Phases.WaitFor("cancel: done");
        Assert.Equal(0, TestCluster.Connection(_first, _second, Lane.Calls).PendingCount);
    }

    [Fact]
    public async Task Timeout_ends_the_call_and_cancels_the_callee()
    {
        var grain = _cluster.Grain(_first, _second);
        await grain.Where();
        var call = grain.WaitShortly("timeout: reached", "timeout: done");
        await Assert.ThrowsAsync<TimeoutException>(() => call);
        await _cluster.Phases.WaitFor("timeout: done");
        Assert.Equal(0, TestCluster.Connection(_first, _second, Lane.Calls).PendingCount);
    }

    [Fact]
    public async Task Call_that_was_given_up_while_it_waited_never_runs()
    {
        var grain = _cluster.Grain(_first, _second);
        var running = grain.Wait("queue: reached", "queue: go");
        await _cluster.Phases.WaitFor("queue: reached");
        using var source = new CancellationTokenSource();
        var waiting = grain.WaitForCancellation("queue: never", "queue: never", source.Token);
        await Phases.Until(() => _second.Connections.Incoming.Sum(connection => connection.CallCount) == 2, "both calls have arrived");
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Phases.Until(() => _second.Connections.Incoming.Sum(connection => connection.CallCount) == 1, "the cancellation has arrived");
        _cluster.Phases.Reach("queue: go");
        await running;
        await grain.Where();
        Assert.False(_cluster.Phases.IsReached("queue: never"));
    }

    [Fact]
    public async Task Many_calls_at_once_share_one_connection()
    {
        IRemoteGrain[] grains = [.. Enumerable.Range(0, 64).Select(_ => _cluster.Grain(_first, _second))];
        var sums = await Task.WhenAll(Enumerable.Range(0, 5_000).Select(index => grains[index % 64].Add(index, 1)));
        Assert.Equal(Enumerable.Range(1, 5_000), sums);
        Assert.Single(_second.Connections.Incoming, connection => connection.Peer.Lane == Lane.Calls);
    }

    [Fact]
    public async Task Large_content_arrives_whole_on_a_lane_of_its_own()
    {
        var bytes = new byte[8 << 20];
        new Random(1).NextBytes(bytes);
        var sum = await _cluster.Grain(_first, _second).Sum(new Content(bytes), "large", "large");
        Assert.Equal(RemoteGrain.SumOf(bytes), sum);
        Assert.Single(_second.Connections.Incoming, connection => connection.Peer.Lane == Lane.Content);
    }

    [Theory]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(65_000)]
    [InlineData(65_536)]
    [InlineData(70_000)]
    [InlineData(1_000_000)]
    public async Task Content_of_any_size_goes_there_and_back(int sizeBytes)
    {
        var grain = _cluster.Grain(_first, _second);
        var content = await grain.Fill(sizeBytes);
        Assert.Equal(sizeBytes, content.Bytes.Length);
        Assert.Equal(sizeBytes, await grain.Sum(content, "any", "any"));
    }
}

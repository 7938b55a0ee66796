using GrainVault.Api.Uploads;
using GrainVault.TestKit;

namespace GrainVault.Api.Tests.Uploads;

public sealed class SharePerUserTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task User_who_has_his_share_waits_and_holds_up_nobody_else()
    {
        var inFlight = Create();
        var held = new List<BytesInFlight.Admission>();
        for (var i = 0; i < 5; i++)
            held.Add((await inFlight.TakeAsync(10, "slow", default))!);
        var beyond = inFlight.TakeAsync(10, "slow", default).AsTask();
        Assert.False(beyond.IsCompleted);

        for (var i = 0; i < 5; i++)
            Assert.NotNull(await inFlight.TakeAsync(10, $"u-{i}", default));
        Assert.Equal(100, inFlight.Taken);
        held[0].Dispose();
        Assert.NotNull(await beyond);
    }

    [Fact]
    public async Task Body_larger_than_the_share_passes_alone()
    {
        var inFlight = Create();
        var large = await inFlight.TakeAsync(80, "u-1", default);
        Assert.NotNull(large);
        var second = inFlight.TakeAsync(1, "u-1", default).AsTask();
        Assert.False(second.IsCompleted);
        Assert.NotNull(await inFlight.TakeAsync(20, "u-2", default));
        large.Dispose();
        Assert.NotNull(await second);
    }

    [Fact]
    public async Task Waiter_for_the_process_is_not_overtaken_but_waiters_for_a_share_are()
    {
        var inFlight = Create();
        var slow = await inFlight.TakeAsync(50, "slow", default);
        var other = await inFlight.TakeAsync(40, "u-1", default);
        var slowWaits = inFlight.TakeAsync(10, "slow", default).AsTask();
        var large = inFlight.TakeAsync(30, "u-2", default).AsTask();
        var small = inFlight.TakeAsync(5, "u-3", default).AsTask();
        Assert.False(small.IsCompleted);
        other!.Dispose();
        Assert.NotNull(await large);
        Assert.NotNull(await small);
        Assert.False(slowWaits.IsCompleted);
        slow!.Dispose();
        Assert.NotNull(await slowWaits);
    }

    [Fact]
    public async Task Parts_of_one_user_keep_their_order_under_the_share()
    {
        var inFlight = Create();
        var held = await inFlight.TakeAsync(40, "u-1", default);
        var large = inFlight.TakeAsync(30, "u-1", default).AsTask();
        var small = inFlight.TakeAsync(10, "u-1", default).AsTask();
        Assert.False(small.IsCompleted);
        held!.Dispose();
        Assert.NotNull(await large);
        Assert.NotNull(await small);
    }

    [Fact]
    public async Task One_user_fills_half_of_the_queue_at_most()
    {
        var inFlight = Create();
        await inFlight.TakeAsync(50, "slow", default);
        for (var i = 0; i < 5; i++)
            _ = inFlight.TakeAsync(10, "slow", default).AsTask();
        Assert.Null(await inFlight.TakeAsync(10, "slow", default));
        Assert.Equal((5, 1L), (inFlight.Waiting, inFlight.RefusedCount));
    }

    [Fact]
    public async Task Users_who_have_nothing_are_forgotten()
    {
        var inFlight = Create();
        using (await inFlight.TakeAsync(10, "u-1", default))
            Assert.Equal(1, inFlight.UserCount);
        await inFlight.TakeAsync(100, "u-2", default);
        var waits = inFlight.TakeAsync(10, "u-3", default).AsTask();
        Assert.Equal(2, inFlight.UserCount);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(await waits);
        Assert.Equal(1, inFlight.UserCount);
    }

    [Fact]
    public async Task Visitors_of_one_owner_have_half_of_his_share_by_whatever_links_and_leave_him_the_rest()
    {
        var inFlight = Create();
        for (var i = 0; i < 5; i++)
            Assert.NotNull(await inFlight.TakeAsync(5, Visitor("owner", $"{i}"), default));
        var sixth = inFlight.TakeAsync(5, Visitor("owner", "6"), default).AsTask();
        Assert.False(sixth.IsCompleted);

        Assert.NotNull(await inFlight.TakeAsync(25, "owner", default));
        var beyond = inFlight.TakeAsync(1, "owner", default).AsTask();
        Assert.False(beyond.IsCompleted);
        Assert.NotNull(await inFlight.TakeAsync(5, Visitor("other", "0"), default));
        Assert.Equal(55, inFlight.Taken);
    }

    [Fact]
    public async Task Visitor_has_one_share_at_all_owners_and_holds_up_no_other_visitor()
    {
        var inFlight = Create();
        var held = new List<BytesInFlight.Admission>();
        for (var i = 0; i < 5; i++)
            held.Add((await inFlight.TakeAsync(5, Visitor($"owner {i}", "one"), default))!);
        var sixth = inFlight.TakeAsync(5, Visitor("owner 6", "one"), default).AsTask();
        Assert.False(sixth.IsCompleted);

        Assert.NotNull(await inFlight.TakeAsync(5, Visitor("owner 6", "two"), default));
        held[0].Dispose();
        Assert.NotNull(await sixth);
        for (var i = 0; i < 3; i++)
            _ = inFlight.TakeAsync(5, Visitor("owner", "one"), default).AsTask();
        Assert.Null(await inFlight.TakeAsync(5, Visitor("another", "one"), default));
        Assert.Equal(3, inFlight.Waiting);
    }

    private static BodyHolder[] Visitor(string owner, string address) => [new(owner, 1), new($"visitors of {owner}", 0.5), new($"address {address}", 0.5)];

    private BytesInFlight Create() => new(bytesMax: 100, queueMax: 10, TimeSpan.FromSeconds(5), sharePerUser: 0.5, _time);
}

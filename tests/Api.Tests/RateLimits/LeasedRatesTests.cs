using System.Net;
using GrainVault.Api.Http;
using GrainVault.Api.RateLimits;
using GrainVault.Options;
using GrainVault.RateLimits;
using GrainVault.TestKit;
using static GrainVault.Api.Tests.RateLimits.BudgetOwners;

namespace GrainVault.Api.Tests.RateLimits;

public sealed class LeasedRatesTests
{
    private const int PerSecond = 1000;
    private const int Batch = PerSecond / 10;
    private static readonly LimitsOptions Limits = new() { RequestsPerSecondPerUser = PerSecond };
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Batch_of_tokens_costs_one_call_and_a_rare_request_none()
    {
        var calls = new List<long>();
        var frontEnd = FrontEnd(Limits, _time, count =>
        {
            calls.Add(count);
            return Task.FromResult(new RateLease(count, PerSecond / 2, TimeSpan.Zero));
        });
        for (var i = 0; i < (Batch / 2) - 1; i++)
            Assert.True(frontEnd.Users.TryTake("u-1", out _, out _));
        Assert.Empty(calls);
        for (var i = 0; i < 10 * PerSecond; i++)
            Assert.True((await TakeAsync(frontEnd.Users, "u-1")).IsAdmitted);
        Assert.InRange(calls.Count, 2 * 10 * PerSecond / Batch * 9 / 10, 2 * 10 * PerSecond / Batch);
        Assert.All(calls, count => Assert.Equal(Batch / 2, count));
    }

    [Fact]
    public async Task Tokens_are_asked_for_before_they_run_out_and_nobody_waits_for_the_answer()
    {
        var answer = new TaskCompletionSource<RateLease>();
        var asked = 0;
        var frontEnd = FrontEnd(Limits, _time, _ =>
        {
            asked++;
            return answer.Task;
        });
        for (var i = 0; i < Batch; i++)
            Assert.True(frontEnd.Users.TryTake("u-1", out var decision, out _) && decision.IsAdmitted);
        Assert.Equal(1, asked);

        // Now they are used up, and the answer decides.
        Assert.False(frontEnd.Users.TryTake("u-1", out _, out var deciding));
        answer.SetResult(new RateLease(Batch / 2, 100, TimeSpan.Zero));
        Assert.True((await deciding).IsAdmitted);
    }

    [Fact]
    public async Task Burst_beyond_the_batch_waits_for_the_owner_and_passes()
    {
        await using var owners = await StartAsync(Limits);
        Assert.Equal(PerSecond / 2, await AdmittedAsync(owners.FrontEnd().Users, "u-1", PerSecond / 2));
    }

    [Fact]
    public async Task Remaining_counts_down_from_the_budget_and_a_refusal_says_when_to_come_back()
    {
        await using var owners = await StartAsync(Limits);
        var users = owners.FrontEnd().Users;
        Assert.Equal(PerSecond - 1, (await TakeAsync(users, "u-1")).Remaining);
        Assert.Equal(PerSecond - 2, (await TakeAsync(users, "u-1")).Remaining);
        RateDecision last;
        do
            last = await TakeAsync(users, "u-1");
        while (last.IsAdmitted);
        Assert.Equal(0, last.Remaining);
        Assert.InRange(last.RetryAfter, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Front_end_whose_owner_is_down_grants_its_share_and_no_more()
    {
        var here = new FrontEndLimits { RateLimitShareAlone = 0.25 };
        var frontEnd = FrontEnd(Limits, _time, _ => Task.FromException<RateLease>(new TimeoutException()), here);
        var admitted = 0;
        for (var step = 0; step < 1000; step++)
        {
            admitted += await AdmittedAsync(frontEnd.Users, "u-1", 20);
            _time.Advance(TimeSpan.FromMilliseconds(10));
        }

        // Ten seconds: a quarter of the budget, and at most the first batch and one second's share beyond it.
        Assert.InRange(admitted, 10 * PerSecond / 4 * 9 / 10, (10 * PerSecond / 4) + Batch + (PerSecond / 4));
    }

    [Fact]
    public async Task Answer_that_does_not_come_in_time_counts_as_none_and_the_owner_is_believed_again_later()
    {
        var isDown = true;
        var never = new TaskCompletionSource<RateLease>();
        var frontEnd = FrontEnd(Limits, _time, count => isDown ? never.Task : Task.FromResult(new RateLease(count, PerSecond, TimeSpan.Zero)));
        for (var i = 0; i < Batch; i++)
            Assert.True((await TakeAsync(frontEnd.Users, "u-1")).IsAdmitted);
        Assert.False(frontEnd.Users.TryTake("u-1", out _, out var deciding));
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await deciding;

        isDown = false;
        _time.Advance(TimeSpan.FromSeconds(1));
        var admitted = 0;
        for (var i = 0; i < 20; i++)
            admitted += await AdmittedAsync(frontEnd.Users, "u-1", PerSecond / 20);
        Assert.InRange(admitted, PerSecond * 9 / 10, PerSecond);
    }

    [Fact]
    public void Flood_of_users_stays_within_the_table()
    {
        var frontEnd = FrontEnd(Limits, _time, count => Task.FromResult(new RateLease(count, 1, TimeSpan.Zero)), new FrontEndLimits { RateLimitKeysMax = 100 });
        for (var i = 0; i < 10_000; i++)
            Assert.True(frontEnd.Users.TryTake($"u-{i}", out var decision, out _) && decision.IsAdmitted);
        Assert.InRange(frontEnd.Users.Count, 50, 100);
    }

    [Fact]
    public void Request_in_the_common_case_allocates_nothing_and_calls_nobody()
    {
        var calls = 0;
        var frontEnd = FrontEnd(new LimitsOptions { RequestsPerSecondPerUser = 10_000_000 }, _time, count =>
        {
            calls++;
            return Task.FromResult(new RateLease(count, 1, TimeSpan.Zero));
        });
        var address = IPAddress.Parse("192.0.2.1");
        const int Count = 20_000;
        Take(10);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Take(Count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Count / 10);
        Assert.Equal(0, calls);

        void Take(int count)
        {
            for (var i = 0; i < count; i++)
            {
                frontEnd.Users.TryTake("u-1", out _, out _);
                _ = AddressKey.Of(address);
            }
        }
    }
}

using System.Net;
using GrainVault.Options;
using GrainVault.RateLimits;
using GrainVault.TestKit;
using NSubstitute;
using static GrainVault.Api.Tests.RateLimits.BudgetOwners;

namespace GrainVault.Api.Tests.RateLimits;

/// <summary>Budgets hold for the cluster, not for each front end.</summary>
public sealed class AcrossFrontEndsTests
{
    private const int PerSecond = 200;
    private const int Batch = PerSecond / 10;

    [Fact]
    public async Task Two_front_ends_together_admit_the_budget_and_a_batch_each_and_no_more()
    {
        await using var owners = await StartAsync(new LimitsOptions { RequestsPerSecondPerUser = PerSecond });
        var (one, two) = (owners.FrontEnd(), owners.FrontEnd());

        var admitted = await Task.WhenAll(AdmittedAsync(one.Users, "u-1", 3 * PerSecond), AdmittedAsync(two.Users, "u-1", 3 * PerSecond));
        Assert.InRange(admitted.Sum(), PerSecond, PerSecond + (2 * Batch));

        // Ten seconds of more than is allowed, in steps of 50 ms.
        var sustained = 0;
        for (var step = 0; step < 200; step++)
        {
            owners.Time.Advance(TimeSpan.FromMilliseconds(50));
            sustained += await AdmittedAsync(one.Users, "u-1", 10) + await AdmittedAsync(two.Users, "u-1", 30);
        }

        Assert.InRange(sustained, 10 * PerSecond * 9 / 10, (10 * PerSecond) + (2 * Batch));
        Assert.Equal(PerSecond / 2, await AdmittedAsync(two.Users, "u-2", PerSecond / 2));
    }

    [Fact]
    public async Task Signups_of_one_address_are_exact_whichever_front_end_they_come_through()
    {
        await using var owners = await StartAsync(new LimitsOptions { SignupsPerMinute = 6 });
        var frontEnds = new[] { owners.FrontEnd(), owners.FrontEnd(), owners.FrontEnd() };
        var address = IPAddress.Parse("2001:db8:1:2::1");
        var admitted = 0;
        for (var i = 0; i < 30; i++)
            admitted += (await frontEnds[i % 3].SignUps.TakeAsync(address)).IsAdmitted ? 1 : 0;
        Assert.Equal(6, admitted);

        var refused = await frontEnds[0].SignUps.TakeAsync(IPAddress.Parse("2001:db8:1:2::ffff"));
        Assert.Equal((false, 0L, TimeSpan.FromSeconds(10)), (refused.IsAdmitted, refused.Remaining, refused.RetryAfter));
        Assert.True((await frontEnds[0].SignUps.TakeAsync(IPAddress.Parse("2001:db8:1:3::1"))).IsAdmitted);
        owners.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.True((await frontEnds[1].SignUps.TakeAsync(address)).IsAdmitted);
        Assert.False((await frontEnds[2].SignUps.TakeAsync(address)).IsAdmitted);
    }

    [Fact]
    public async Task Front_end_that_stood_still_for_long_admits_no_more_than_one_that_did_not()
    {
        await using var owners = await StartAsync(new LimitsOptions { RequestsPerSecondPerUser = PerSecond });
        var (stopped, other) = (owners.FrontEnd(), owners.FrontEnd());
        await AdmittedAsync(stopped.Users, "u-1", PerSecond);
        owners.Time.Advance(TimeSpan.FromMinutes(10));

        var admitted = await Task.WhenAll(AdmittedAsync(stopped.Users, "u-1", 3 * PerSecond), AdmittedAsync(other.Users, "u-1", 3 * PerSecond));
        Assert.InRange(admitted.Sum(), PerSecond, PerSecond + (2 * Batch));
    }

    [Fact]
    public async Task Token_that_was_not_taken_from_the_owner_is_not_given_back_to_it()
    {
        var owner = Substitute.For<IRateLimitGrain>();
        var isDown = true;
        owner.LeaseAsync(default, default).ReturnsForAnyArgs(_ => isDown
            ? Task.FromException<RateLease>(new TimeoutException())
            : Task.FromResult(new RateLease(1, 1, TimeSpan.Zero)));
        var logIns = FrontEnd(new LimitsOptions { FailedLoginsPerMinutePerAddress = 40 }, new ManualTime(), owner).LogIns;
        var address = IPAddress.Parse("192.0.2.1");

        var alone = await logIns.TakeAsync(address);
        Assert.True(alone.IsAdmitted);
        isDown = false;
        logIns.Return(address, alone);
        await owner.DidNotReceiveWithAnyArgs().ReturnAsync(default, default);

        logIns.Return(address, await logIns.TakeAsync(address));
        await owner.ReceivedWithAnyArgs(1).ReturnAsync(default, default);
    }

    [Fact]
    public async Task Successful_logins_do_not_use_up_the_budget_of_failed_ones()
    {
        await using var owners = await StartAsync(new LimitsOptions { FailedLoginsPerMinutePerAddress = 2 });
        var frontEnd = owners.FrontEnd();
        var address = IPAddress.Parse("192.0.2.1");
        for (var i = 0; i < 20; i++)
        {
            var taken = await frontEnd.LogIns.TakeAsync(address);
            Assert.True(taken.IsAdmitted);
            frontEnd.LogIns.Return(address, taken);
        }

        Assert.True((await frontEnd.LogIns.TakeAsync(address)).IsAdmitted);
        Assert.True((await frontEnd.LogIns.TakeAsync(address)).IsAdmitted);
        Assert.False((await frontEnd.LogIns.TakeAsync(address)).IsAdmitted);
    }
}

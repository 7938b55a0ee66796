using System.Net;
using GrainVault.Api.Http;
using GrainVault.TestKit;

namespace GrainVault.Api.Tests.Http;

public sealed class AddressRateTests
{
    private static readonly IPAddress Address = IPAddress.Parse("192.0.2.1");
    private readonly ManualTime _time = new();

    [Fact]
    public void Sixty_at_once_pass_and_the_next_learns_when_to_come_back()
    {
        var rate = new AddressRate(60, 100, _time);
        for (var i = 0; i < 60; i++)
            Assert.Equal(TimeSpan.Zero, rate.Take(Address));
        Assert.Equal(TimeSpan.FromSeconds(1), rate.Take(Address));
        Assert.Equal(TimeSpan.Zero, rate.Take(IPAddress.Parse("192.0.2.2")));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.Zero, rate.Take(Address));
        Assert.NotEqual(TimeSpan.Zero, rate.Take(Address));
    }

    [Fact]
    public void Addresses_of_one_ipv6_network_count_together()
    {
        var rate = new AddressRate(1, 100, _time);
        Assert.Equal(TimeSpan.Zero, rate.Take(IPAddress.Parse("2001:db8:1:2::1")));
        Assert.NotEqual(TimeSpan.Zero, rate.Take(IPAddress.Parse("2001:db8:1:2:ffff::9")));
        Assert.Equal(TimeSpan.Zero, rate.Take(IPAddress.Parse("2001:db8:1:3::1")));
        Assert.Equal(TimeSpan.Zero, rate.Take(Address));
        Assert.NotEqual(TimeSpan.Zero, rate.Take(Address.MapToIPv6()));
    }

    [Fact]
    public void Flood_of_addresses_stays_within_the_table_and_shares_one_count()
    {
        var rate = new AddressRate(2, 10, _time);
        var passed = Enumerable.Range(0, 1000).Count(i => rate.Take(new IPAddress(i + 1L)) == TimeSpan.Zero);
        Assert.Equal(10, rate.Count);
        Assert.Equal(12, passed);
    }

    [Fact]
    public void Addresses_that_rested_make_room()
    {
        var rate = new AddressRate(1, 10, _time);
        for (var i = 0; i < 10; i++)
            rate.Take(new IPAddress(i + 1L));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(TimeSpan.Zero, rate.Take(new IPAddress(99L)));
        Assert.Equal(1, rate.Count);
    }
}

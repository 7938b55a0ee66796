using System.Net;
using GrainVault.Api.RateLimits;

namespace GrainVault.Api.Tests.RateLimits;

public sealed class AddressKeyTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::", "0.0.0.0", false)]
    public void Clients_are_told_apart_by_what_one_customer_has(string left, string right, bool isSame)
    {
        var (one, two) = (AddressKey.Of(IPAddress.Parse(left)), AddressKey.Of(IPAddress.Parse(right)));
        Assert.Equal(isSame, one == two);
        Assert.Equal(isSame, one.Hash() == two.Hash());
        Assert.Matches("^[0-9a-f]{24}$", one.Hash());
    }

    [Fact]
    public void Connections_without_an_address_are_one_client() => Assert.Equal(AddressKey.Of(null), AddressKey.Of(null));
}

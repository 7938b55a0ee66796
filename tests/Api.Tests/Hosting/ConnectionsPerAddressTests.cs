using System.Diagnostics.Metrics;
using System.Net;
using GrainVault.Api.Gateway;
using GrainVault.Api.Hosting;
using GrainVault.Api.Http;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace GrainVault.Api.Tests.Hosting;

public sealed class ConnectionsPerAddressTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _services.Dispose();

    [Fact]
    public async Task Connection_beyond_the_share_is_closed_and_its_place_comes_back_with_one_that_ends()
    {
        var limit = Create(2);
        var served = new List<Task> { ServeAsync(limit, "192.0.2.1"), ServeAsync(limit, "192.0.2.1"), ServeAsync(limit, "2001:db8:1:2::1"), ServeAsync(limit, "2001:db8:1:2::2") };
        Assert.All(served, connection => Assert.False(connection.IsCompleted));
        await ClosedAsync(limit, "192.0.2.1");
        await ClosedAsync(limit, "::ffff:192.0.2.1");
        await ClosedAsync(limit, "2001:db8:1:2:ffff::9");
        Assert.Equal(2, limit.AddressCount);

        _end.SetResult();
        await Task.WhenAll(served);
        Assert.Equal(0, limit.AddressCount);
        await ServeAsync(limit, "192.0.2.1");
    }

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("::ffff:10.1.2.3")]
    [InlineData("fd00::1")]
    [InlineData(null)]
    public void Known_proxies_and_sockets_of_the_machine_have_as_many_as_they_want(string? address)
    {
        var limit = Create(1);
        for (var i = 0; i < 10; i++)
            Assert.False(ServeAsync(limit, address).IsCompleted);
        Assert.Equal(0, limit.AddressCount);
        _end.SetResult();
    }

    private ConnectionsPerAddress Create(int countMax) => new(
        new FrontEndLimits { ConnectionsPerAddressMax = countMax },
        new ProxySettings { Known = ["10.0.0.0/8", "fd00::/8"] },
        new GatewayInstruments(_services.GetRequiredService<IMeterFactory>()));

    private Task ServeAsync(ConnectionsPerAddress limit, string? address) => limit.Limit(_ => _end.Task)(Connection(address));

    private static async Task ClosedAsync(ConnectionsPerAddress limit, string address)
    {
        var connection = Connection(address);
        var closed = new TaskCompletionSource();
        await using var closing = connection.ConnectionClosed.Register(closed.SetResult);
        await limit.Limit(_ => throw new InvalidOperationException("served"))(connection);
        await closed.Task.WaitAsync(Soon);
    }

    private static DefaultConnectionContext Connection(string? address) => new()
    {
        RemoteEndPoint = address is null ? null : new IPEndPoint(IPAddress.Parse(address), 50_000),
    };
}

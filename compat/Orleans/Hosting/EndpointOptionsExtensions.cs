using System.Net;
using System.Net.Sockets;
using Orleans.Cluster;
using Orleans.Configuration;

namespace Orleans.Hosting;

/// <summary>The ports of a silo.</summary>
public static class EndpointOptionsExtensions
{
    /// <summary>Sets the ports; the address is this machine's own.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="siloPort">The port for other silos.</param>
    /// <param name="gatewayPort">The port for clients; 0: none.</param>
    /// <param name="addressFamily">Which of the machine's addresses.</param>
    /// <param name="listenOnAnyHostAddress">Whether to listen at all addresses instead of the advertised one.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder ConfigureEndpoints(
        this ISiloBuilder builder,
        int siloPort,
        int gatewayPort,
        AddressFamily addressFamily = AddressFamily.InterNetwork,
        bool listenOnAnyHostAddress = false) =>
        builder.ConfigureEndpoints(MachineAddress.Find(addressFamily), siloPort, gatewayPort, listenOnAnyHostAddress);

    /// <summary>Sets the ports and the address that is advertised.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="advertisedIP">Where others connect.</param>
    /// <param name="siloPort">The port for other silos.</param>
    /// <param name="gatewayPort">The port for clients; 0: none.</param>
    /// <param name="listenOnAnyHostAddress">Whether to listen at all addresses instead of the advertised one.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder ConfigureEndpoints(
        this ISiloBuilder builder, IPAddress advertisedIP, int siloPort, int gatewayPort, bool listenOnAnyHostAddress = false)
    {
        ArgumentNullException.ThrowIfNull(advertisedIP);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(siloPort);
        ArgumentOutOfRangeException.ThrowIfNegative(gatewayPort);
        return builder.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = advertisedIP;
            options.SiloPort = siloPort;
            options.GatewayPort = gatewayPort;
            if (!listenOnAnyHostAddress)
                return;
            var any = advertisedIP.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
            options.SiloListeningEndpoint = new IPEndPoint(any, siloPort);
            options.GatewayListeningEndpoint = gatewayPort == 0 ? null : new IPEndPoint(any, gatewayPort);
        });
    }
}

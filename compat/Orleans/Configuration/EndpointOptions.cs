using System.Net;

namespace Orleans.Configuration;

/// <summary>Where a silo listens, and where others find it.</summary>
public class EndpointOptions
{
    /// <summary>The usual port for other silos.</summary>
    public const int DEFAULT_SILO_PORT = 11111;

    /// <summary>The usual port for clients.</summary>
    public const int DEFAULT_GATEWAY_PORT = 30000;

    /// <summary>The address that others connect to; null: this machine's own, found at start.</summary>
    /// <exception cref="ArgumentException">Nobody can connect to the address, as to 0.0.0.0.</exception>
    public IPAddress? AdvertisedIPAddress
    {
        get;
        set
        {
            if (value is not null && (value.Equals(IPAddress.Any) || value.Equals(IPAddress.IPv6Any) || value.Equals(IPAddress.None) || value.Equals(IPAddress.Broadcast)))
                throw new ArgumentException($"{value} is no address that others can connect to.", nameof(value));
            field = value;
        }
    }

    /// <summary>The port for other silos. Default: 11111.</summary>
    public int SiloPort { get; set; } = DEFAULT_SILO_PORT;

    /// <summary>The port for clients; 0: none. Default: 30000.</summary>
    public int GatewayPort { get; set; } = DEFAULT_GATEWAY_PORT;

    /// <summary>Where to listen for silos; null: at the advertised address.</summary>
    public IPEndPoint? SiloListeningEndpoint { get; set; }

    /// <summary>Where to listen for clients; null: at the advertised address.</summary>
    public IPEndPoint? GatewayListeningEndpoint { get; set; }
}

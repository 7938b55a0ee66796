using System.Net;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.RateLimits;
using GrainVault.Api.Shedding;
using Microsoft.AspNetCore.Connections;

namespace GrainVault.Api.Hosting;

/// <summary>
/// Closes connections of an address that has its share of them, before a byte is read. Otherwise one address could hold all that
/// the process takes, and nobody would get through any more, health checks included. Known proxies are exempt: behind
/// their address are all clients. The proxy itself has to limit those.
/// </summary>
internal sealed class ConnectionsPerAddress(FrontEndLimits limits, ProxySettings proxies, GatewayInstruments instruments)
{
    private readonly KeyedCounts<AddressKey> _open = new(limits.ConnectionsPerAddressMax);
    private readonly IPNetwork[] _proxies = [.. proxies.Networks()];

    /// <summary>Addresses that have a connection, known proxies aside.</summary>
    public int AddressCount => _open.KeyCount;

    /// <summary>Puts the limit before what serves a connection.</summary>
    public ConnectionDelegate Limit(ConnectionDelegate next) => connection =>
    {
        // Without an address it is a socket of this machine, and what connects there is a proxy.
        if (connection.RemoteEndPoint is not IPEndPoint { Address: var address } || IsProxy(address))
            return next(connection);
        var key = AddressKey.Of(address);
        if (_open.TryEnter(key))
            return ServeAsync(connection, next, key);
        instruments.ConnectionRefused();
        connection.Abort(new ConnectionAbortedException("The address has too many connections."));
        return Task.CompletedTask;
    };

    private async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next, AddressKey key)
    {
        try
        {
            await next(connection);
        }
        finally
        {
            _open.Leave(key);
        }
    }

    private bool IsProxy(IPAddress address)
    {
        // A socket for both families gives IPv4 addresses in the clothes of IPv6.
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Array.Exists(_proxies, network => network.Contains(plain));
    }
}

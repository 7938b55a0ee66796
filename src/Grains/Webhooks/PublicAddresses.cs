using System.Net;
using System.Net.Sockets;

namespace GrainVault.Webhooks;

/// <summary>
/// Which addresses are of the public internet: all but those of the registries of special-purpose addresses (RFC 6890), multicast, what is no
/// global unicast of IPv6 (RFC 4291), and the one public address at which a cloud has a server for its machines. Addresses of IPv6 that stand
/// for one of IPv4 are what that is. Servers for metadata have link-local, shared or unique local addresses everywhere else.
/// </summary>
internal static class PublicAddresses
{
    private static readonly IPNetwork[] Special =
    [
        .. ((string[])[
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "3fff::/20",
            // Of Azure, which answers its machines from there (168.63.129.16).
            "168.63.129.16/32",
        ]).Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>True when an address is one of the public internet.</summary>
    public static bool Contains(IPAddress address)
    {
        var plain = Embedded(address) ?? address;
        return (plain.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(plain)) && !Special.Any(network => network.Contains(plain));
    }

    /// <summary>The IPv4 address that an IPv6 address stands for; null when it stands for itself.</summary>
    private static IPAddress? Embedded(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return null;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        if (Nat64.Contains(address))
            return new IPAddress(bytes.AsSpan(12, 4));
        if (SixToFour.Contains(address))
            return new IPAddress(bytes.AsSpan(2, 4));
        // ISATAP (RFC 5214), within any prefix: the interface's id is 0000:5efe or 0200:5efe and the address.
        return (bytes[8] | 2) == 2 && bytes[9] == 0 && bytes[10] == 0x5E && bytes[11] == 0xFE ? new IPAddress(bytes.AsSpan(12, 4)) : null;
    }
}

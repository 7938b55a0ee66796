using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>Finds the address under which others can reach this machine.</summary>
internal static class MachineAddress
{
    /// <summary>The address of a name, or of the machine's first network that is not a loopback.</summary>
    /// <exception cref="OrleansConfigurationException">The name has no address of this family.</exception>
    internal static IPAddress Find(string? hostName, AddressFamily family)
    {
        if (hostName is null)
            return FromInterfaces(family) ?? (family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback);
        if (IPAddress.TryParse(hostName, out var address))
            return address;
        var found = Dns.GetHostAddresses(hostName).Where(candidate => candidate.AddressFamily == family).ToArray();
        return found.FirstOrDefault(candidate => !IPAddress.IsLoopback(candidate)) ?? found.FirstOrDefault()
            ?? throw new OrleansConfigurationException($"\"{hostName}\" has no address of family {family}.");
    }

    private static IPAddress? FromInterfaces(AddressFamily family) => NetworkInterface.GetAllNetworkInterfaces()
        .Where(network => network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .SelectMany(network => network.GetIPProperties().UnicastAddresses)
        .Select(unicast => unicast.Address)
        .FirstOrDefault(address => address.AddressFamily == family && !address.IsIPv6LinkLocal && !IPAddress.IsLoopback(address));
}

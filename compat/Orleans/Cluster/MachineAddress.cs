using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Orleans.Cluster;

/// <summary>Finds the address under which others can reach this machine.</summary>
internal static class MachineAddress
{
    /// <summary>The address of the machine's first network that is not a loopback; else the loopback's.</summary>
    internal static IPAddress Find(AddressFamily family) =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(network => network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .FirstOrDefault(address => address.AddressFamily == family && !address.IsIPv6LinkLocal && !IPAddress.IsLoopback(address))
        ?? (family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback);
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace GrainVault.Silo.Postgres;

/// <summary>Finds ports for servers of our own.</summary>
public static class LoopbackPorts
{
    private const int PortMin = 10_000;
    private const int EphemeralPortMinDefault = 32_768;
    private const int AttemptCountMax = 200;

    /// <summary>
    /// A free port below the range from which the kernel takes the source ports of outgoing connections: a client that
    /// connects again and again to a dead server inside that range sooner or later meets itself.
    /// </summary>
    public static int FindFree()
    {
        var portEnd = EphemeralPortMin();
        for (var attempt = 0; attempt < AttemptCountMax; attempt++)
        {
            var port = Random.Shared.Next(PortMin, portEnd);
            if (IsFree(port))
                return port;
        }

        throw new IOException($"No free port between {PortMin} and {portEnd - 1} on 127.0.0.1.");
    }

    /// <summary>True when a server could listen on the port now.</summary>
    public static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int EphemeralPortMin()
    {
        const string RangeFile = "/proc/sys/net/ipv4/ip_local_port_range";
        if (!File.Exists(RangeFile))
            return EphemeralPortMinDefault;
        var min = int.Parse(File.ReadAllText(RangeFile).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
        return min > PortMin + 1_000 ? min : EphemeralPortMinDefault;
    }
}

using System.Net;
using System.Net.Sockets;

namespace GrainVault.TestKit.S3;

/// <summary>Ports for servers that can't choose their own; below the range that the system gives to outgoing connections.</summary>
public static class FreePorts
{
    private const int First = 20_000;
    private const int Count = 10_000;
    private const int AttemptCountMax = 1000;

    /// <summary>A port that is free now, as is the one after it.</summary>
    public static int Pair()
    {
        for (var attempt = 0; attempt < AttemptCountMax; attempt++)
        {
            var port = First + (Random.Shared.Next(Count / 2) * 2);
            if (IsFree(port) && IsFree(port + 1))
                return port;
        }

        throw new InvalidOperationException("no two neighbouring ports are free");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

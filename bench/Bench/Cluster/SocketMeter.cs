using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace GrainVault.Bench.Cluster;

/// <summary>What passed by the open sockets that listeners on some addresses have accepted, as the kernel counts it (man 8 ss).</summary>
internal static partial class SocketMeter
{
    /// <param name="Bytes">Both ways.</param>
    /// <param name="SegmentCount">Segments with data, both ways: about one per message while there is little to say.</param>
    /// <param name="ConnectionCount">Open now.</param>
    internal readonly record struct Reading(long Bytes, long SegmentCount, int ConnectionCount);

    public static async Task<Reading> ReadAsync(IEnumerable<IPAddress> addresses)
    {
        var bytes = 0L;
        var segments = 0L;
        var connections = 0;
        foreach (var address in addresses)
        {
            var sockets = await Tool.RunAsync("ss", ["-tinH", "state", "established", "src", address.ToString()]);
            bytes += Sum(BytesPattern(), sockets);
            segments += Sum(SegmentsPattern(), sockets);
            connections += BytesReceivedPattern().Count(sockets);
        }

        return new Reading(bytes, segments, connections);
    }

    private static long Sum(Regex pattern, string sockets) =>
        pattern.Matches(sockets).Sum(match => long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"\bbytes_(?:sent|received):(\d+)")]
    private static partial Regex BytesPattern();

    [GeneratedRegex(@"\bdata_segs_(?:in|out):(\d+)")]
    private static partial Regex SegmentsPattern();

    [GeneratedRegex(@"\bbytes_received:(\d+)")]
    private static partial Regex BytesReceivedPattern();
}

using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>What messaging logs. What a stranger can cause is logged once in a while only.</summary>
internal sealed partial class MessagingLog(ILogger logger)
{
    /// <summary>How often one kind of line may be written that others can cause.</summary>
    internal const int StrangerLinePeriodMs = 10_000;

    private const int TargetCountMax = 1000;

    private readonly ConcurrentDictionary<SiloAddress, long> _notOpenedAtMs = new();
    private long _strangerLineAtMs = -StrangerLinePeriodMs;
    private long _refreshLineAtMs = -StrangerLinePeriodMs;
    private int _unwrittenCount;

    /// <summary>A peer did not get as far as saying who it is.</summary>
    internal void Refused(EndPoint? peer, string port, Exception reason)
    {
        if (IsTime(ref _strangerLineAtMs))
            Refused(peer, port, reason.Message, Interlocked.Exchange(ref _unwrittenCount, 0));
        else
            Interlocked.Increment(ref _unwrittenCount);
    }

    /// <summary>A peer claims to have seen a version that could not be read, perhaps with each of its calls.</summary>
    internal void RefreshFailed(Exception failure, long version)
    {
        if (IsTime(ref _refreshLineAtMs))
            RefreshLineFailed(failure, version);
    }

    /// <summary>A connection could not be opened. It is tried again and again, but not each attempt has a line.</summary>
    internal void NotOpened(Lane lane, SiloAddress target, Exception reason)
    {
        var now = Environment.TickCount64;
        if (_notOpenedAtMs.TryGetValue(target, out var last) && now - last < StrangerLinePeriodMs)
            return;
        if (_notOpenedAtMs.Count >= TargetCountMax)
            _notOpenedAtMs.Clear();
        _notOpenedAtMs[target] = now;
        NotOpened(lane, target, reason.Message);
    }

    private static bool IsTime(ref long lineAtMs)
    {
        var now = Environment.TickCount64;
        var last = Volatile.Read(ref lineAtMs);
        return now - last >= StrangerLinePeriodMs && Interlocked.CompareExchange(ref lineAtMs, now, last) == last;
    }

    [LoggerMessage(41, LogLevel.Information, "Listens for {Peers} on {EndPoint}.")]
    internal partial void Listening(string peers, EndPoint endPoint);

    [LoggerMessage(42, LogLevel.Warning, "Closed a connection of {Peer} to the {Port} port: {Reason} ({UnwrittenCount} more since the last such line.)")]
    private partial void Refused(EndPoint? peer, string port, string reason, int unwrittenCount);

    [LoggerMessage(43, LogLevel.Information, "The {Lane} connection to {Target} is open.")]
    internal partial void Opened(Lane lane, SiloAddress target);

    [LoggerMessage(44, LogLevel.Warning, "The {Lane} connection to {Target} is lost: {Reason}")]
    internal partial void Lost(Lane lane, SiloAddress target, string reason);

    [LoggerMessage(45, LogLevel.Warning, "The {Lane} connection to {Target} could not be opened: {Reason}")]
    private partial void NotOpened(Lane lane, SiloAddress target, string reason);

    [LoggerMessage(46, LogLevel.Warning, "A connection of {Peer} ended: {Reason}")]
    internal partial void PeerLost(string peer, string reason);

    [LoggerMessage(47, LogLevel.Warning, "No new connections can be accepted on {EndPoint}; tried again.")]
    internal partial void AcceptFailed(Exception failure, EndPoint endPoint);

    [LoggerMessage(48, LogLevel.Warning, "{CallCount} calls had no outcome after {DrainTimeout}; the connections are closed nevertheless.")]
    internal partial void NotDrained(int callCount, TimeSpan drainTimeout);

    [LoggerMessage(49, LogLevel.Warning, "Version {Version} of the cluster, which another silo has seen, could not be read; calls go by the older one.")]
    private partial void RefreshLineFailed(Exception failure, long version);

    [LoggerMessage(50, LogLevel.Information, "The client is connected to {GatewayCount} gateways.")]
    internal partial void GatewayCount(int gatewayCount);

    [LoggerMessage(51, LogLevel.Warning, "The list of gateways could not be read; the last one is kept.")]
    internal partial void GatewayListFailed(Exception failure);

    [LoggerMessage(52, LogLevel.Warning, "The client could not connect to the cluster; it tries again.")]
    internal partial void ConnectFailed(Exception failure);

    [LoggerMessage(53, LogLevel.Error, "An observer of the cluster connection failed.")]
    internal partial void ObserverFailed(Exception failure);
}

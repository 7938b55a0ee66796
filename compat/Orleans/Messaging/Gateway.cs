using System.Collections.Frozen;
using Orleans.Cluster;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>One gateway that a client knows.</summary>
internal sealed class Gateway(Peer peer) : IAwaitsAnswer
{
    private OutgoingConnection? _watched;
    private long _seenCount;
    private int _silentCount;

    internal Peer Peer => peer;

    /// <summary>Whether the cluster's list still has it.</summary>
    internal bool IsListed { get; set; } = true;

    /// <summary>
    /// Opens the connection, or asks for a sign of life where nothing was received since the last time. A gateway that has been
    /// silent this often is given up, so that calls by it fail now and not one after the other.
    /// </summary>
    internal void Tend(int silentCountMax)
    {
        if (peer.Find(Lane.Calls, opens: IsListed) is not { IsOpen: true } connection)
            return;
        if (_watched != connection || connection.ReceivedCount != _seenCount)
        {
            (_watched, _seenCount, _silentCount) = (connection, connection.ReceivedCount, 0);
            return;
        }
        if (_silentCount++ >= silentCountMax)
            peer.Reset(new TimeoutException("The gateway gives no sign of life."));
        else
            connection.TryAsk(this, OutgoingConnection.Empty(FrameKind.Probe));
    }

    public bool OnAsked(OutgoingConnection connection, long id) => true;

    public void OnAnswer(in Frame answer, OutgoingConnection connection)
    {
    }

    public void OnLost(Exception failure)
    {
    }
}

/// <summary>The gateways that calls go by, at one time.</summary>
internal sealed class LiveGateways(Peer[] peers)
{
    internal static readonly LiveGateways None = new([]);

    internal HashRing Ring { get; } = new([.. peers.Select(peer => peer.Address)]);

    internal FrozenDictionary<SiloAddress, Peer> Peers { get; } = peers.ToFrozenDictionary(peer => peer.Address);
}

using System.Collections.Concurrent;
using Orleans.Calls;
using Orleans.Cluster;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>The other silos of the cluster, and this one's connections to them.</summary>
internal sealed class SiloPeers(IClusterView view, SiloRuntime silo, ILocalSiloDetails local, MessageLimits limits, MessagingLog log) : IPeerOwner
{
    private readonly ConcurrentDictionary<SiloAddress, Peer> _peers = new();
    private Connector? _connector;
    private TimeSpan _retryDelay;
    private ClusterSnapshot _before = ClusterSnapshot.Empty;
    private volatile bool _isClosed;

    public ReferenceFactory References => silo.References;

    internal IClusterView View => view;

    internal SiloAddress Local => local.SiloAddress;

    internal MessagingLog Log => log;

    /// <summary>Whether this silo has given its part of the ring up, but still has activations.</summary>
    internal bool IsLeaving { get; private set; }

    /// <summary>Whether no call waits for an answer of another silo.</summary>
    internal bool IsIdle => _peers.Values.All(peer => peer.IsIdle);

    internal void Open(Connector connector, TimeSpan retryDelay)
    {
        _connector = connector;
        _retryDelay = retryDelay;
        view.Changed += OnViewChanged;
    }

    /// <exception cref="SiloUnavailableException">This silo's ports are not open, or no longer.</exception>
    internal Peer Get(SiloAddress address)
    {
        if (_peers.TryGetValue(address, out var peer))
            return peer;
        if (_connector is not { } connector || _isClosed)
            throw new SiloUnavailableException("The silo has no connections: it has not started, or has stopped.");
        return _peers.GetOrAdd(address, new Peer(address, this, connector, _retryDelay, limits));
    }

    public Exception Unreachable(SiloAddress target, Exception? reason)
    {
        var message = $"The silo {target} is not reachable; whether the call was executed is unknown.";
        return reason is null ? new OrleansMessageRejectionException(message) : new OrleansMessageRejectionException(message, reason);
    }

    public Exception TooBusy(string message) => new LimitExceededException(message);

    public void OnChanged(OutgoingConnection connection)
    {
        if (connection.IsOpen)
            log.Opened(connection.Lane, connection.Target);
    }

    public void OnClosed(OutgoingConnection connection, Exception reason)
    {
        if (_isClosed || view.Current.StatusOf(connection.Target) == SiloStatus.Dead)
            return;
        if (connection.WasOpen)
            log.Lost(connection.Lane, connection.Target, reason.Message);
        else
            log.NotOpened(connection.Lane, connection.Target, reason);
        view.Suspect(connection.Target);
    }

    internal void Close()
    {
        _isClosed = true;
        view.Changed -= OnViewChanged;
        foreach (var peer in _peers.Values)
            peer.Close(new OperationCanceledException("This silo has stopped."));
    }

    private void OnViewChanged(ClusterSnapshot snapshot)
    {
        var before = _before;
        _before = snapshot;
        IsLeaving = snapshot.StatusOf(Local) == SiloStatus.ShuttingDown;
        // A dead silo will not answer, whatever its connections look like.
        foreach (var (address, peer) in _peers)
        {
            if (snapshot.Find(address) is not { Status: SiloStatus.Dead } dead)
                continue;
            // But one that left in order answers what it still has and then closes its connections itself; it has until the next change.
            if (dead.LeftInOrder && !peer.IsIdle && before.StatusOf(address) is not SiloStatus.Dead)
                continue;
            if (_peers.TryRemove(address, out _))
                peer.Close(new IOException("The cluster has declared the silo dead."));
        }
    }
}

using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Calls;
using Orleans.Cluster;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>
/// A client's connections to gateways. It is connected to all it knows, up to a limit, and sends each call by the one that the
/// grain's id chooses among those that answer. One that is lost, leaves or is silent takes part no more until it answers again.
/// </summary>
internal sealed class ClientConnections : IMessageCenterFactory, IMessageCenter, IPeerOwner
{
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Reading the list takes no longer; the last one is kept meanwhile.</summary>
    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(10);

    private readonly IServiceProvider _services;
    private readonly ConnectionOptions _connections;
    private readonly TimeSpan _refreshPeriod;
    private readonly MessageLimits _limits;
    private readonly TimeProvider _time;
    private readonly Connector _connector;
    private readonly string _seed = Guid.NewGuid().ToString("N");
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _news = new(0, 1);
    private readonly Dictionary<SiloAddress, Gateway> _gateways = [];
    private volatile LiveGateways _live = LiveGateways.None;
    private volatile bool _wantsList;
    private SiloRuntime? _runtime;
    private Task _watching = Task.CompletedTask;

    public ClientConnections(
        IServiceProvider services,
        IOptions<ClusterOptions> cluster,
        IOptions<ConnectionOptions> connections,
        IOptions<ClientConnectionOptions> pipeline,
        IOptions<GatewayOptions> gateways,
        MessageLimits limits,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        _services = services;
        _connections = connections.Value;
        _refreshPeriod = gateways.Value.GatewayListRefreshPeriod;
        _limits = limits;
        _time = time;
        Log = new MessagingLog(loggers.CreateLogger("Orleans.Messaging"));
        _connector = new Connector(
            services,
            pipeline.Value.ConfigureBuilder,
            connection => new Hello(cluster.Value.ClusterId, connection.Lane, Silo: null, Target: null),
            connections.Value.OpenConnectionTimeout);
    }

    public ReferenceFactory References => _runtime!.References;

    internal MessagingLog Log { get; }

    /// <summary>The gateways that calls go by now.</summary>
    internal IReadOnlyCollection<SiloAddress> Live => _live.Ring.Silos;

    public IMessageCenter Create(SiloRuntime silo, LocalMessageCenter local)
    {
        _runtime = silo;
        return this;
    }

    public void Send(GrainCall call)
    {
        try
        {
            var live = _live;
            if (live.Ring.OwnerOf(call.Target) is { } gateway)
                live.Peers[gateway].Send(call, viewVersion: -1);
            else
                call.TryFail(new SiloUnavailableException("The client is not connected to any gateway."));
        }
        catch (Exception failure)
        {
            call.TryFail(failure);
        }
    }

    /// <summary>Connects to the gateways that the list has now, and watches them from then on.</summary>
    /// <exception cref="SiloUnavailableException">There is none, or none answers.</exception>
    internal async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await ReadListAsync(cancellationToken);
        while (_live.Ring.Silos.IsEmpty)
        {
            if (!IsConnecting())
                throw new SiloUnavailableException($"None of the cluster's {_gateways.Count} gateways answers.");
            await _news.WaitAsync(cancellationToken);
        }
        _watching = WatchAsync();
    }

    internal async Task CloseAsync()
    {
        await _closing.CancelAsync();
        await _watching;
        Gateway[] gateways;
        lock (_gate)
            gateways = [.. _gateways.Values];
        foreach (var gateway in gateways)
            gateway.Peer.Close(new OperationCanceledException("The client has stopped."));
    }

    public Exception Unreachable(SiloAddress target, Exception? reason)
    {
        var message = $"The gateway {target} is not reachable; whether the call was executed is unknown.";
        return reason is null ? new SiloUnavailableException(message) : new SiloUnavailableException(message, reason);
    }

    public Exception TooBusy(string message) => new GatewayTooBusyException(message);

    public void OnChanged(OutgoingConnection connection)
    {
        if (connection.IsOpen && !connection.IsLeaving)
            Log.Opened(connection.Lane, connection.Target);
        _wantsList |= connection.IsLeaving;
        Review();
    }

    public void OnClosed(OutgoingConnection connection, Exception reason)
    {
        if (_closing.IsCancellationRequested)
            return;
        if (connection.WasOpen)
            Log.Lost(connection.Lane, connection.Target, reason.Message);
        else
            Log.NotOpened(connection.Lane, connection.Target, reason);
        _wantsList = true;
        Review();
    }

    /// <summary>Whether a gateway may still come. One that is open counts too: it takes part a moment later.</summary>
    private bool IsConnecting()
    {
        lock (_gate)
            return _gateways.Values.Any(gateway => gateway.Peer.IsConnecting || gateway.Peer.IsOpen);
    }

    private async Task ReadListAsync(CancellationToken cancellationToken)
    {
        _wantsList = false;
        var table = _services.GetService<IGatewayTable>()
            ?? throw new OrleansConfigurationException("The client does not know where to find gateways: call UseAdoNetClustering.");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ListTimeout);
        var listed = await table.ReadAsync(timeout.Token).WaitAsync(timeout.Token);
        if (listed.Count == 0)
            throw new SiloUnavailableException("The cluster has no gateway.");
        // Which ones a client chooses, where there are too many, differs from client to client.
        Take([.. listed
            .OrderBy(gateway => StableHash.Compute(Encoding.UTF8.GetBytes(_seed + gateway.ToParsableString())))
            .Take(_limits.GatewayCountMax)]);
    }

    private void Take(HashSet<SiloAddress> listed)
    {
        lock (_gate)
        {
            foreach (var gateway in _gateways.Values)
                gateway.IsListed = listed.Contains(gateway.Peer.Address);
            foreach (var address in listed.Where(address => !_gateways.ContainsKey(address)))
                _gateways.Add(address, new Gateway(new Peer(address, this, _connector, _connections.ConnectionRetryDelay, _limits)));
        }
        Tend();
    }

    /// <summary>Looks after each gateway: opens its connection, asks for a sign of life, lets go of it.</summary>
    private void Tend()
    {
        Gateway[] gateways;
        lock (_gate)
            gateways = [.. _gateways.Values];
        foreach (var gateway in gateways)
        {
            if (!gateway.IsListed && (gateway.Peer.IsIdle || gateway.Peer.IsClosed))
                Remove(gateway);
            else
                gateway.Tend(Math.Max(1, (int)(_limits.GatewaySilenceMax / WatchPeriod)));
        }
        Review();
    }

    private void Remove(Gateway gateway)
    {
        lock (_gate)
            _gateways.Remove(gateway.Peer.Address);
        gateway.Peer.Close(new IOException("The gateway is not in the list any more."));
    }

    /// <summary>Finds out who takes part now, and tells who wants to know.</summary>
    private void Review()
    {
        lock (_gate)
        {
            var previous = _live.Ring.Silos;
            var open = _gateways.Values.Where(gateway => gateway.IsListed && gateway.Peer.IsOpen).Select(gateway => gateway.Peer).ToArray();
            if (open.Length != previous.Length || !open.All(peer => _live.Peers.ContainsKey(peer.Address)))
            {
                _live = new LiveGateways(open);
                Tell(open.Length, previous.Length);
            }
            if (_news.CurrentCount == 0)
                _news.Release();
        }
    }

    private void Tell(int count, int previousCount)
    {
        Log.GatewayCount(count);
        foreach (var observer in _services.GetServices<IClusterConnectionStatusObserver>())
        {
            try
            {
                if (count != previousCount)
                    observer.NotifyGatewayCountChanged(count, previousCount, previousCount == 0);
                if (count == 0)
                    observer.NotifyClusterConnectionLost();
            }
            catch (Exception failure)
            {
                Log.ObserverFailed(failure);
            }
        }
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(WatchPeriod, _time);
        var readAt = _time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                if (_wantsList || _live.Ring.Silos.IsEmpty || _time.GetElapsedTime(readAt) >= _refreshPeriod)
                {
                    readAt = _time.GetTimestamp();
                    await TryReadListAsync();
                }
                Tend();
            }
        }
        catch (OperationCanceledException)
        {
            // The client stops.
        }
    }

    private async Task TryReadListAsync()
    {
        try
        {
            await ReadListAsync(_closing.Token);
        }
        catch (Exception failure) when (!_closing.IsCancellationRequested)
        {
            Log.GatewayListFailed(failure);
        }
    }
}

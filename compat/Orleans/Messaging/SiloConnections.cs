using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Calls;
using Orleans.Cluster;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>A silo's ports, its connections, and what it does with what comes on them.</summary>
internal sealed class SiloConnections(
    IServiceProvider services,
    ILocalSiloDetails local,
    IClusterView view,
    IOptions<EndpointOptions> endpoints,
    IOptions<ConnectionOptions> connections,
    IOptions<SiloConnectionOptions> pipelines,
    MessageLimits limits,
    ILoggerFactory loggers) : ISiloConnections, IMessageCenterFactory, IRequestHandler
{
    private const int DrainPollMs = 20;

    /// <summary>So often in a row nothing must be under way: calls from silos that did not yet know of the leave come in between.</summary>
    private const int QuietPollCount = 10;

    private readonly MessagingLog _log = new(loggers.CreateLogger("Orleans.Messaging"));
    private readonly ConcurrentDictionary<IncomingConnection, bool> _incoming = new();
    private readonly List<Listener> _listeners = [];
    private SiloPeers? _peers;
    private ClusterMessageCenter? _center;
    private volatile bool _isLeaving;

    /// <summary>The other silos.</summary>
    internal SiloPeers Peers => _peers ?? throw new InvalidOperationException("The silo is still being made.");

    /// <summary>Whether a peer has not yet said who it is.</summary>
    internal bool HasStrangers => _listeners.Exists(listener => listener.HandshakeCount > 0);

    /// <summary>Asked for late: what answers here also asks others by way of this.</summary>
    private ISiloControlTarget Control => services.GetRequiredService<ISiloControlTarget>();

    /// <summary>The connections that others have to this silo.</summary>
    internal IEnumerable<IncomingConnection> Incoming => _incoming.Keys;

    private bool IsIdle => Peers.IsIdle && _incoming.Keys.All(connection => connection.CallCount == 0 && connection.Queue.IsEmpty);

    public IMessageCenter Create(SiloRuntime silo, LocalMessageCenter localCenter)
    {
        _peers = new SiloPeers(view, silo, local, limits, _log);
        return _center = new ClusterMessageCenter(silo, localCenter, _peers, limits);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        SiloConnectionOptions.ISiloConnectionBuilderOptions builders = pipelines.Value;
        var address = local.SiloAddress;
        Peers.Open(
            new Connector(
                services,
                builders.ConfigureSiloOutboundBuilder,
                connection => new Hello(local.ClusterId, connection.Lane, address, connection.Target),
                connections.Value.OpenConnectionTimeout),
            connections.Value.ConnectionRetryDelay);
        var greeting = new Hello(local.ClusterId, Lane.Control, address, Target: null);
        _listeners.Add(new Listener(
            endpoints.Value.SiloListeningEndpoint ?? address.Endpoint, "silo", services, builders.ConfigureSiloInboundBuilder, greeting, AdmitSilo, limits, _log));
        if (local.GatewayAddress is { } gateway)
        {
            _listeners.Add(new Listener(
                endpoints.Value.GatewayListeningEndpoint ?? gateway.Endpoint, "gateway", services, builders.ConfigureGatewayInboundBuilder, greeting, AdmitClient, limits, _log));
        }
        view.Changed += OnViewChanged;
        foreach (var listener in _listeners)
            listener.Start();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        view.Changed -= OnViewChanged;
        foreach (var listener in _listeners)
            listener.StopListening();
        await DrainAsync(cancellationToken);
        Abort();
        await Task.WhenAll(_listeners.Select(listener => listener.StopAsync()));
    }

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limits.DrainTimeout);
        try
        {
            for (var quietPollCount = 0; quietPollCount < QuietPollCount; quietPollCount = IsIdle ? quietPollCount + 1 : 0)
                await Task.Delay(DrainPollMs, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            _log.NotDrained(_incoming.Keys.Sum(connection => connection.CallCount), limits.DrainTimeout);
        }
    }

    public void Abort()
    {
        foreach (var listener in _listeners)
            listener.StopListening();
        foreach (var connection in _incoming.Keys)
            connection.Close(new OperationCanceledException("This silo has stopped."));
        _peers?.Close();
    }

    public void OnCall(IncomingConnection connection, in Frame frame) => _center!.Receive(connection, frame);

    public Task<bool> ProbeForAsync(SiloAddress target, CancellationToken cancellationToken) => Control.ProbeForAsync(target, cancellationToken);

    public void OnChangeTold(long version) => Control.OnChangeTold(version);

    public void OnClosed(IncomingConnection connection, Exception reason)
    {
        _incoming.TryRemove(connection, out _);
        if (reason is InvalidDataException)
            _log.PeerLost(connection.Peer.Silo?.ToString() ?? "a client", reason.Message);
    }

    private IncomingConnection? AdmitSilo(Hello hello) =>
        hello.Silo is { } silo && local.SiloAddress.Equals(hello.Target) && !IsVotedDead(silo, view.Current) ? Admit(hello) : null;

    private IncomingConnection? AdmitClient(Hello hello) =>
        hello.Silo is null && hello.Lane != Lane.Control ? Admit(hello) : null;

    private IncomingConnection? Admit(Hello hello)
    {
        if (hello.ClusterId != local.ClusterId)
            return null;
        var connection = new IncomingConnection(hello, this, limits);
        _incoming[connection] = true;
        if (_isLeaving && hello.Silo is null)
            connection.Answer(OutgoingConnection.Empty(FrameKind.Leaving), 0);
        return connection;
    }

    private void OnViewChanged(ClusterSnapshot snapshot)
    {
        if (!_isLeaving && snapshot.StatusOf(local.SiloAddress) is SiloStatus.ShuttingDown or SiloStatus.Stopping)
            TellClientsOfLeave();
        foreach (var connection in _incoming.Keys)
        {
            if (connection.Peer.Silo is { } silo && IsVotedDead(silo, snapshot))
                connection.Close(new IOException("The cluster has declared the silo dead."));
        }
    }

    /// <summary>Clients choose other gateways as soon as this silo leaves; what they have sent already is still passed on.</summary>
    private void TellClientsOfLeave()
    {
        _isLeaving = true;
        foreach (var connection in _incoming.Keys)
        {
            if (connection.Peer.Silo is null)
                connection.Answer(OutgoingConnection.Empty(FrameKind.Leaving), 0);
        }
    }

    /// <summary>A silo that the others voted dead may not know it yet. What it asks for is not done.</summary>
    private static bool IsVotedDead(SiloAddress silo, ClusterSnapshot snapshot) =>
        snapshot.Find(silo) is { Status: SiloStatus.Dead, LeftInOrder: false };
}

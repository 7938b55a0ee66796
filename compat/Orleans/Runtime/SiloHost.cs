using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Cluster;
using Orleans.Configuration;
using Orleans.Reminders;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// Starts and stops the silo with its host. It listens before it joins, so that the others can check it; it is open before it
/// is active, since calls come from that moment on; and it gives its part of the ring up before its activations end, so that
/// calls for them go to their new owners.
/// </summary>
internal sealed class SiloHost : IHostedService
{
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(5);

    private readonly SiloRuntime _silo;
    private readonly ISiloMembership _membership;
    private readonly HandOver _handOver;
    private readonly ILocalSiloDetails _local;
    private readonly ClusterOptions _cluster;
    private readonly IServiceProvider _services;
    private ISiloConnections? _connections;
    private ReminderService? _reminders;
    private ITimer? _collector;

    public SiloHost(
        SiloRuntime silo,
        ISiloMembership membership,
        HandOver handOver,
        ILocalSiloDetails local,
        IOptions<ClusterOptions> cluster,
        IServiceProvider services)
    {
        _silo = silo;
        _membership = membership;
        _handOver = handOver;
        _local = local;
        _cluster = cluster.Value;
        _services = services;
        membership.Died += OnDied;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        TypeValidator.ThrowIfFaulty(_silo.Types);
        // Asked for only now: their options may depend on services that started just before the silo.
        foreach (var starter in _services.GetServices<IStartsWithSilo>())
            await starter.StartAsync(cancellationToken);
        await _membership.PrepareAsync(cancellationToken);
        try
        {
            _connections = _services.GetService<ISiloConnections>();
            if (_connections is not null)
                await _connections.StartAsync(cancellationToken);
            await _membership.JoinAsync(cancellationToken);
            _silo.Open();
            _handOver.Start();
            await _membership.ActivateAsync(cancellationToken);
        }
        catch
        {
            // A host whose start fails does not stop what had started.
            await LeaveAsync();
            throw;
        }
        _collector = _silo.Time.CreateTimer(_ => Collect(), null, _silo.Collection.CollectionQuantum, _silo.Collection.CollectionQuantum);
        _reminders = _services.GetService<ReminderService>();
        if (_reminders is not null)
            await _reminders.StartAsync(cancellationToken);
        _silo.Log.Started(_local.Name, _cluster.ClusterId, _cluster.ServiceId, _silo.Types.GrainClasses.Count);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_collector is { } collector)
            await collector.DisposeAsync();
        if (!_membership.IsDead)
            await GiveUpShareAsync(cancellationToken);
        _handOver.Stop();
        if (_reminders is not null)
            await _reminders.StopAsync();
        _silo.BeginStop();
        if (!_membership.IsDead)
        {
            await EndActivationsAsync(cancellationToken);
            // Before the others read that this silo is dead and give up what they wait for.
            if (_connections is not null)
                await _connections.DrainAsync(cancellationToken);
        }
        _silo.Close();
        await LeaveAsync();
        _silo.Log.Stopped(_local.Name);
    }

    private async Task GiveUpShareAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _membership.BeginLeaveAsync(cancellationToken).WaitAsync(LeaveTimeout, cancellationToken);
        }
        catch (Exception failure)
        {
            _silo.Log.LeavingFailed(failure, _local.Name);
        }
    }

    /// <summary>Has its own patience: the host's may have been spent on activations, and the others should not have to find out.</summary>
    private async Task LeaveAsync()
    {
        using var patience = new CancellationTokenSource(LeaveTimeout);
        try
        {
            if (!_membership.IsDead)
                await _membership.EndLeaveAsync(patience.Token).WaitAsync(patience.Token);
        }
        catch (Exception failure)
        {
            _silo.Log.LeavingFailed(failure, _local.Name);
        }
        if (_connections is not null)
            await _connections.StopAsync(patience.Token);
    }

    private void OnDied()
    {
        _silo.Log.DeclaredDead(_local.Name, _local.SiloAddress);
        _silo.Kill();
        _connections?.Abort();
        _services.GetRequiredService<ISiloExit>().Exit();
    }

    /// <summary>Each activation bounds its own end; the host's patience bounds them all.</summary>
    private async Task EndActivationsAsync(CancellationToken cancellationToken)
    {
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo is stopping.");
        // More than once, for activations that were being made when the silo began to stop.
        while (_silo.Catalog.Activations().ToArray() is { Length: > 0 } activations)
        {
            _silo.Log.Stopping(_local.Name, activations.Length);
            foreach (var activation in activations)
                activation.Deactivate(reason, cancellationToken);
            try
            {
                await Task.WhenAll(activations.Select(activation => activation.Deactivated)).WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                _silo.Log.StoppedEarly(_local.Name, activations.Count(activation => !activation.HasEnded));
                return;
            }
        }
    }

    private void Collect()
    {
        var now = Environment.TickCount64;
        var reason = new DeactivationReason(DeactivationReasonCode.ActivationIdle, "The activation was idle.");
        foreach (var activation in _silo.Catalog.Activations())
        {
            if (activation.IsIdleSince(now))
                activation.Deactivate(reason);
        }
        _handOver.LookSoon();
    }
}

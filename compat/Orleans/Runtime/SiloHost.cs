using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Reminders;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>Starts and stops the silo with its host.</summary>
internal sealed class SiloHost(
    SiloRuntime silo,
    IOptions<ClusterOptions> cluster,
    IOptions<SiloOptions> options,
    IServiceProvider services) : IHostedService
{
    private readonly string _name = options.Value.SiloName ?? $"Silo_{Environment.MachineName}_{Environment.ProcessId}";
    private ReminderService? _reminders;
    private ITimer? _collector;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        TypeValidator.ThrowIfFaulty(silo.Types);
        // Asked for only now: their options may depend on services that started just before the silo.
        foreach (var starter in services.GetServices<IStartsWithSilo>())
            await starter.StartAsync(cancellationToken);
        silo.Open();
        _collector = silo.Time.CreateTimer(_ => Collect(), null, silo.Collection.CollectionQuantum, silo.Collection.CollectionQuantum);
        _reminders = services.GetService<ReminderService>();
        if (_reminders is not null)
            await _reminders.StartAsync(cancellationToken);
        silo.Log.Started(_name, cluster.Value.ClusterId, cluster.Value.ServiceId, silo.Types.GrainClasses.Count);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_collector is { } collector)
            await collector.DisposeAsync();
        if (_reminders is not null)
            await _reminders.StopAsync();
        silo.BeginStop();
        await EndActivationsAsync(cancellationToken);
        silo.Close();
        silo.Log.Stopped(_name);
    }

    /// <summary>Each activation bounds its own end; the host's patience bounds them all.</summary>
    private async Task EndActivationsAsync(CancellationToken cancellationToken)
    {
        var reason = new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo is stopping.");
        // More than once, for activations that were being made when the silo began to stop.
        while (silo.Catalog.Activations().ToArray() is { Length: > 0 } activations)
        {
            silo.Log.Stopping(_name, activations.Length);
            foreach (var activation in activations)
                activation.Deactivate(reason, cancellationToken);
            try
            {
                await Task.WhenAll(activations.Select(activation => activation.Deactivated)).WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                silo.Log.StoppedEarly(_name, activations.Count(activation => !activation.HasEnded));
                return;
            }
        }
    }

    private void Collect()
    {
        var now = Environment.TickCount64;
        var reason = new DeactivationReason(DeactivationReasonCode.ActivationIdle, "The activation was idle.");
        foreach (var activation in silo.Catalog.Activations())
        {
            if (activation.IsIdleSince(now))
                activation.Deactivate(reason);
        }
    }
}

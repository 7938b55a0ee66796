using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Storage;
using Orleans.Timers;

namespace Orleans.Runtime;

internal enum ActivationState
{
    New,
    Starting,
    Active,
    Ending,
    Ended,
}

/// <summary>How an activation starts and ends.</summary>
internal sealed partial class Activation
{
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<IStateReader> _states = [];
    private readonly HashSet<GrainTimer> _timers = [];
    private AsyncServiceScope? _scope;
    private volatile ActivationState _state;
    private DeactivationReason? _requested;
    private CancellationToken _requestedToken;

    /// <summary>Registers a state that is read before the grain's own start.</summary>
    internal void ReadAtStart(IStateReader state) => _states.Add(state);

    internal IGrainTimer StartTimer(Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        var timer = new GrainTimer(this, callback, options);
        lock (_timers)
            _timers.Add(timer);
        timer.Start();
        return timer;
    }

    internal void Forget(GrainTimer timer)
    {
        lock (_timers)
            _timers.Remove(timer);
    }

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default) =>
        _scheduler.Post(() => BeginEnd(deactivationReason, cancellationToken));

    private async Task StartAsync(Dictionary<string, object>? context)
    {
        _state = ActivationState.Starting;
        RequestContext.Current = context;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Silo.Stopping);
        timeout.CancelAfter(Silo.Collection.ActivationTimeout);
        try
        {
            MakeInstance();
            foreach (var state in _states)
                await state.ReadAsync(timeout.Token).WaitAsync(timeout.Token);
            if (GrainInstance is IGrainBase grain)
                await grain.OnActivateAsync(timeout.Token).WaitAsync(timeout.Token);
        }
        catch (Exception failure)
        {
            // A start that is cut off because the silo leaves the cluster is made up for elsewhere.
            if (Silo.Stopping.IsCancellationRequested && Silo.HasHeirs)
            {
                await EndAsync(null);
                return;
            }
            Silo.Log.ActivationFailed(failure, GrainId);
            await EndAsync(failure is OperationCanceledException && timeout.IsCancellationRequested ? StartCancelled(failure) : failure);
            return;
        }
        Volatile.Write(ref _lastUseMs, Environment.TickCount64);
        _state = ActivationState.Active;
        if (_requested is { } reason)
            BeginEnd(reason, _requestedToken);
        Pump();
    }

    private Exception StartCancelled(Exception failure) => Silo.Stopping.IsCancellationRequested
        ? new SiloUnavailableException($"The silo stopped while {GrainId} was activated.", failure)
        : new TimeoutException($"The activation of {GrainId} did not end within {Silo.Collection.ActivationTimeout}.", failure);

    private void MakeInstance()
    {
        _scope = Silo.Services.CreateAsyncScope();
        var services = _scope.Value.ServiceProvider;
        services.GetRequiredService<ActivationHolder>().Activation = this;
        GrainInstance = Class.CreateInstance(this, services);
        RuntimeMeter.Activated(Class);
        Pipeline = Silo.PipelineFor(GrainInstance);
    }

    private void BeginEnd(DeactivationReason reason, CancellationToken cancellationToken)
    {
        switch (_state)
        {
            case ActivationState.New:
                _state = ActivationState.Ended;
                Leave(null);
                break;
            case ActivationState.Starting:
                _requested ??= reason;
                _requestedToken = cancellationToken;
                break;
            case ActivationState.Active when reason.ReasonCode == DeactivationReasonCode.ActivationIdle && !_gate.IsEmpty:
                break;
            case ActivationState.Active:
                _state = ActivationState.Ending;
                _ = RunEndAsync(reason, cancellationToken);
                break;
        }
    }

    private async Task RunEndAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Silo.Collection.DeactivationTimeout);
        StopTimers();
        if (_gate.IsIdle)
            _idle.TrySetResult();
        try
        {
            await _idle.Task.WaitAsync(timeout.Token);
            if (GrainInstance is IGrainBase grain)
                await grain.OnDeactivateAsync(reason, timeout.Token).WaitAsync(timeout.Token);
        }
        catch (Exception failure)
        {
            Silo.Log.DeactivationFailed(failure, GrainId);
        }
        await EndAsync(null);
    }

    /// <summary>Frees what the activation has, then lets the grain's next activation take over.</summary>
    private async Task EndAsync(Exception? failure)
    {
        StopTimers();
        if (GrainInstance is not null)
            RuntimeMeter.Deactivated(Class);
        try
        {
            if (GrainInstance is IAsyncDisposable asyncDisposable)
                await asyncDisposable.DisposeAsync();
            else if (GrainInstance is IDisposable disposable)
                disposable.Dispose();
            if (_scope is { } scope)
                await scope.DisposeAsync();
        }
        catch (Exception disposal)
        {
            Silo.Log.DeactivationFailed(disposal, GrainId);
        }
        _state = ActivationState.Ended;
        Leave(failure);
    }

    private void Leave(Exception? failure)
    {
        if (_group is not null)
            _group.Remove(this);
        else
            Silo.Catalog.Remove(this);
        foreach (var work in _gate.TakeWaiting())
        {
            Interlocked.Decrement(ref _load);
            if (failure is null)
                work.Forward(this);
            else
                work.Reject(ExceptionCopier.Copy(failure));
        }
        _deactivated.TrySetResult();
    }

    private void StopTimers()
    {
        GrainTimer[] timers;
        lock (_timers)
            timers = [.. _timers];
        foreach (var timer in timers)
            timer.Dispose();
    }
}

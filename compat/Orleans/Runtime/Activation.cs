using Orleans.Calls;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>
/// One activation of a grain: its instance, its scope of services and its turns. State changes happen on its own scheduler
/// only. Starting and ending are in the other part of this class.
/// </summary>
internal sealed partial class Activation : IGrainContext, ICallTarget
{
    private readonly ActivationScheduler _scheduler;
    private readonly TurnGate _gate = new();
    private readonly WorkerGroup? _group;
    private readonly int _loadMax;
    private int _load;
    private bool _isPumping;
    private long _lastUseMs = Environment.TickCount64;
    private long _keepUntilMs;

    internal Activation(SiloRuntime silo, GrainClass grainClass, GrainId grainId, WorkerGroup? group)
    {
        Silo = silo;
        Class = grainClass;
        GrainId = grainId;
        _group = group;
        _loadMax = silo.LoadMax(grainClass);
        _scheduler = new ActivationScheduler(this, silo.Scheduling.ActivationSchedulingQuantum, silo.Scheduling.TurnWarningLengthThreshold);
    }

    /// <summary>The activation whose turn runs on this thread.</summary>
    internal static Activation? Current => ActivationScheduler.CurrentActivation;

    internal SiloRuntime Silo { get; }

    internal GrainClass Class { get; }

    public GrainId GrainId { get; }

    public object? GrainInstance { get; private set; }

    public GrainReference GrainReference => field ??= Silo.References.Create(Class.MainInterface, GrainId);

    public IServiceProvider ActivationServices => _scope?.ServiceProvider
        ?? throw new InvalidOperationException($"The activation of {GrainId} has not started.");

    public Task Deactivated => _deactivated.Task;

    /// <summary>What runs around the grain's methods; null where there is nothing.</summary>
    internal CallPipeline? Pipeline { get; private set; }

    /// <summary>The number of calls and ticks that run or wait.</summary>
    internal int Load => Volatile.Read(ref _load);

    internal bool HasEnded => _state == ActivationState.Ended;

    internal static Activation Of(IGrainBase grain) => grain.GrainContext as Activation
        ?? throw new InvalidOperationException($"{grain.GetType().FullName} does not belong to an activation.");

    /// <summary>Queues work. Called from any thread.</summary>
    /// <exception cref="LimitExceededException">Too much waits already.</exception>
    public bool TryDeliver(ActivationWork work)
    {
        var load = Interlocked.Increment(ref _load);
        if (_loadMax > 0 && load > _loadMax && work.IsLimited)
        {
            Interlocked.Decrement(ref _load);
            throw new LimitExceededException(Silo.LoadLimitName(Class), load, _loadMax, GrainId);
        }
        _scheduler.Post(work);
        return true;
    }

    /// <summary>Runs an action as a turn that pays no heed to interleaving.</summary>
    internal void Post(Action action) => _scheduler.Post(action);

    /// <summary>Takes work in; runs on the scheduler.</summary>
    internal void Receive(ActivationWork work)
    {
        switch (_state)
        {
            case ActivationState.New:
                _gate.Add(work);
                _ = StartAsync((work as GrainCall)?.Context);
                break;
            case ActivationState.Ended:
                Interlocked.Decrement(ref _load);
                work.Forward(this);
                break;
            default:
                _gate.Add(work);
                Pump();
                break;
        }
    }

    internal void DelayDeactivation(TimeSpan time) => Volatile.Write(
        ref _keepUntilMs,
        time < TimeSpan.Zero ? 0 : time == TimeSpan.MaxValue ? long.MaxValue : Environment.TickCount64 + (long)time.TotalMilliseconds);

    /// <summary>Whether nothing has used the activation for longer than its age limit. Asked from any thread.</summary>
    internal bool IsIdleSince(long nowMs) =>
        _state == ActivationState.Active
        && Load == 0
        && nowMs - Volatile.Read(ref _lastUseMs) > Class.CollectionAgeMs
        && nowMs > Volatile.Read(ref _keepUntilMs);

    /// <summary>Starts all work that may start. Work that ends at once must not start the next from within itself.</summary>
    private void Pump()
    {
        if (_isPumping || _state != ActivationState.Active || Silo.Holds(this))
            return;
        if (Silo.IsKilled)
        {
            RejectWaiting(new SiloUnavailableException("The silo was declared dead."));
            return;
        }
        _isPumping = true;
        while (_state == ActivationState.Active && _gate.TryStart(out var work))
        {
            if (work.IsAbandoned)
            {
                Finish(work);
                continue;
            }
            var running = work.RunAsync(this);
            _scheduler.CleanContext();
            if (running.IsCompletedSuccessfully)
                Finish(work);
            else
                _ = FinishLaterAsync(work, running);
        }
        _isPumping = false;
        if (_state == ActivationState.Ending && _gate.IsIdle)
            _idle.TrySetResult();
    }

    /// <summary>Goes on after the silo has made sure that it is still a member.</summary>
    internal void Resume() => _scheduler.Post(new Action(Pump));

    private void RejectWaiting(Exception failure)
    {
        foreach (var work in _gate.TakeWaiting())
        {
            Interlocked.Decrement(ref _load);
            work.Reject(ExceptionCopier.Copy(failure));
        }
    }

    private async Task FinishLaterAsync(ActivationWork work, ValueTask running)
    {
        await running;
        Finish(work);
        if (_state == ActivationState.Ending && _gate.IsIdle)
            _idle.TrySetResult();
        Pump();
    }

    private void Finish(ActivationWork work)
    {
        _gate.Finish(work);
        Interlocked.Decrement(ref _load);
        if (work.CountsAsUse)
            Volatile.Write(ref _lastUseMs, Environment.TickCount64);
    }
}

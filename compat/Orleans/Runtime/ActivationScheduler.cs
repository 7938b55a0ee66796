namespace Orleans.Runtime;

/// <summary>
/// Runs one activation's turns one at a time, in the order in which they came. It is the current task scheduler during a
/// turn, so that an await returns to it. It uses a thread of the pool only while there is something to run.
/// </summary>
internal sealed class ActivationScheduler(Activation activation, TimeSpan quantum, TimeSpan turnWarning) : TaskScheduler, IThreadPoolWorkItem
{
    [ThreadStatic]
    private static ActivationScheduler? _running;

    private readonly Lock _gate = new();
    private readonly Queue<object> _queue = new();
    private readonly long _quantumMs = (long)quantum.TotalMilliseconds;
    private readonly long _turnWarningMs = (long)turnWarning.TotalMilliseconds;
    private bool _isScheduled;
    private Task? _drain;
    private ExecutionContext? _clean;

    /// <summary>The activation whose turn runs on this thread.</summary>
    internal static Activation? CurrentActivation => _running?.Owner;

    public override int MaximumConcurrencyLevel => 1;

    private Activation Owner { get; } = activation;

    /// <summary>Queues a task, a piece of <see cref="ActivationWork"/> or an <see cref="Action"/>.</summary>
    internal void Post(object item)
    {
        lock (_gate)
        {
            _queue.Enqueue(item);
            if (_isScheduled)
                return;
            _isScheduled = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    /// <summary>
    /// Takes back what a turn set in the execution context: a method that is not async leaves its changes behind, and the
    /// next turn must not see them.
    /// </summary>
    internal void CleanContext()
    {
        if (_clean is not null && !ReferenceEquals(ExecutionContext.Capture(), _clean))
            ExecutionContext.Restore(_clean);
    }

    void IThreadPoolWorkItem.Execute()
    {
        // The loop itself is a task of this scheduler: so TaskScheduler.Current is right in everything that it runs, and
        // one task serves many turns. QueueTask recognises it and runs it here and now.
        _drain = new Task(static self => ((ActivationScheduler)self!).Drain(), this);
        _drain.Start(this);
    }

    protected override void QueueTask(Task task)
    {
        if (ReferenceEquals(task, _drain))
            TryExecuteTask(task);
        else
            Post(task);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        ReferenceEquals(_running, this) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_gate)
            return [.. _queue.OfType<Task>()];
    }

    private void Drain()
    {
        _running = this;
        _clean = ExecutionContext.Capture();
        try
        {
            var started = Environment.TickCount64;
            var turnStarted = started;
            while (TryTake(out var item))
            {
                Run(item);
                var now = Environment.TickCount64;
                if (now - turnStarted > _turnWarningMs)
                    Owner.Silo.Log.TurnWasLong(Owner.GrainId, now - turnStarted);
                turnStarted = now;
                if (now - started > _quantumMs)
                {
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                    return;
                }
            }
        }
        finally
        {
            _running = null;
        }
    }

    private bool TryTake(out object item)
    {
        lock (_gate)
        {
            if (_queue.TryDequeue(out item!))
                return true;
            _isScheduled = false;
            return false;
        }
    }

    private void Run(object item)
    {
        try
        {
            switch (item)
            {
                case ActivationWork work:
                    Owner.Receive(work);
                    break;
                case Task task:
                    TryExecuteTask(task);
                    break;
                case Action action:
                    action();
                    break;
            }
        }
        catch (Exception failure)
        {
            // Failures of grains end in their callers. This one is the runtime's own, and must not stop the loop.
            Owner.Silo.Log.TurnFailed(failure, Owner.GrainId);
        }
    }
}

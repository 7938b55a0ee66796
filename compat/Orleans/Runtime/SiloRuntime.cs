using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Calls;
using Orleans.Cluster;
using Orleans.Configuration;
using Orleans.Reminders;
using Orleans.Serialization;

namespace Orleans.Runtime;

/// <summary>One silo: its parts, and whether it runs. Everything else asks it for them.</summary>
internal sealed class SiloRuntime : IDisposable
{
    private readonly SiloMessagingOptions _messaging;
    private readonly CallTimeouts _timeouts;
    private readonly bool _traces;
    private CallPipeline? _pipeline;
    private CallPipeline? _ownFilterPipeline;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lazy<ApplicationTypes> _types = new(ApplicationTypes.Find);
    private readonly Lazy<GrainClasses> _classes;
    private readonly PauseGuard? _pauseGuard;
    private readonly IClusterView? _view; // A client has none.
    private volatile SiloState _state;

    public SiloRuntime(
        IServiceProvider services,
        IOptions<SiloMessagingOptions> messaging,
        IOptions<SchedulingOptions> scheduling,
        IOptions<GrainCollectionOptions> collection,
        IOptions<TracingOptions> tracing,
        TimeProvider time,
        ILogger<SiloRuntime> logger)
    {
        Services = services;
        Scheduling = scheduling.Value;
        Collection = collection.Value;
        Time = time;
        Log = new SiloLog(logger);
        _messaging = messaging.Value;
        _timeouts = new CallTimeouts(_messaging.ResponseTimeout);
        _classes = new Lazy<GrainClasses>(() => new GrainClasses(_types.Value.GrainClasses, Collection));
        _traces = tracing.Value.Propagates;
        Catalog = new Catalog(this);
        var local = new LocalMessageCenter(Catalog);
        MessageCenter = services.GetService<IMessageCenterFactory>()?.Create(this, local) ?? local;
        CallOptions = new CallOptions(_messaging.CancelRequestOnTimeout, _messaging.DropExpiredMessages);
        CallSender = new CallSender(MessageCenter, _timeouts, CallOptions, _traces ? new CallTracing() : null);
        References = new ReferenceFactory(this);
        _pauseGuard = services.GetService<PauseGuard>();
        _view = services.GetService<IClusterView>();
        GrainFactory = new GrainFactory(this);
    }

    private enum SiloState
    {
        Created,
        Running,
        Stopping,
        Stopped,
        Killed,
    }

    internal IServiceProvider Services { get; }

    internal SchedulingOptions Scheduling { get; }

    internal GrainCollectionOptions Collection { get; }

    internal TimeProvider Time { get; }

    internal SiloLog Log { get; }

    internal Catalog Catalog { get; }

    internal IMessageCenter MessageCenter { get; }

    internal CallSender CallSender { get; }

    internal CallOptions CallOptions { get; }

    internal ReferenceFactory References { get; }

    internal GrainFactory GrainFactory { get; }

    internal ApplicationTypes Types => _types.Value;

    internal GrainClasses Classes => _classes.Value;

    /// <summary>Whether the others have declared this silo dead: what waits must not run any more.</summary>
    internal bool IsKilled => _state == SiloState.Killed;

    internal ReminderService Reminders => Services.GetService<ReminderService>()
        ?? throw new OrleansConfigurationException("The reminder service has not been configured: call UseInMemoryReminderService or UseAdoNetReminderService.");

    /// <summary>Whether this silo is stopping and others have taken over what was its own.</summary>
    internal bool HasHeirs => _state == SiloState.Stopping && _view is { Current.Ring.Silos.IsEmpty: false };

    /// <summary>Cancelled when the silo begins to stop.</summary>
    internal CancellationToken Stopping => _stopping.Token;

    /// <summary>Whether an activation must not begin a turn now, because this silo may have lost its membership while it was
    /// paused. The activation is then asked again once that is known.</summary>
    internal bool Holds(Activation activation) => _pauseGuard is { IsInDoubt: true } guard && guard.Holds(activation.Resume);

    public void Dispose()
    {
        _timeouts.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Calls from here on. Filters are made only now, since they may themselves ask for the grain factory.</summary>
    internal void Open()
    {
        IIncomingGrainCallFilter[] filters = [.. Services.GetServices<IIncomingGrainCallFilter>()];
        _ownFilterPipeline = new CallPipeline(filters, _traces);
        _pipeline = filters.Length > 0 || _traces ? _ownFilterPipeline : null;
        _state = SiloState.Running;
    }

    /// <summary>No new activations from here on; those that there are go on.</summary>
    internal void BeginStop()
    {
        if (_state == SiloState.Running)
            _state = SiloState.Stopping;
        _stopping.Cancel();
    }

    /// <summary>No calls from here on; those that wait for an answer get none.</summary>
    internal void Close()
    {
        if (_state != SiloState.Killed)
            _state = SiloState.Stopped;
        _timeouts.FailAll(static call => new SiloUnavailableException($"The silo has stopped and can no longer process the request: {call}."));
    }

    /// <summary>The others have declared this silo dead: nothing begins any more, and nobody here waits for an answer.</summary>
    internal void Kill()
    {
        _state = SiloState.Killed;
        _timeouts.FailAll(static call => new SiloUnavailableException($"The silo was declared dead and can't process the request: {call}."));
        _stopping.Cancel();
    }

    /// <summary>Makes a timer that is not started and carries nothing of the context in which it is made.</summary>
    internal ITimer CreateTimer(TimerCallback callback, object state)
    {
        AsyncFlowControl? suppressed = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        try
        {
            return Time.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        finally
        {
            suppressed?.Undo();
        }
    }

    internal void ThrowIfNotRunning()
    {
        if (_state is SiloState.Running or SiloState.Stopping)
            return;
        throw new SiloUnavailableException(_state switch
        {
            SiloState.Created => "The silo has not started.",
            SiloState.Killed => "The silo was declared dead.",
            _ => "The silo has stopped.",
        });
    }

    internal void ThrowIfNoNewActivations(GrainId grainId)
    {
        if (_state != SiloState.Running)
            throw new SiloUnavailableException($"The silo is stopping and does not activate {grainId}.");
    }

    internal int LoadMax(GrainClass grainClass) => grainClass.LocalWorkersMax > 0
        ? _messaging.MaxEnqueuedRequestsHardLimit_StatelessWorker
        : _messaging.MaxEnqueuedRequestsHardLimit;

    internal string LoadLimitName(GrainClass grainClass) => grainClass.LocalWorkersMax > 0
        ? nameof(SiloMessagingOptions.MaxEnqueuedRequestsHardLimit_StatelessWorker)
        : nameof(SiloMessagingOptions.MaxEnqueuedRequestsHardLimit);

    /// <summary>What runs around a grain's methods; null where there is nothing.</summary>
    internal CallPipeline? PipelineFor(object grain) => _pipeline ?? (grain is IIncomingGrainCallFilter ? _ownFilterPipeline : null);
}

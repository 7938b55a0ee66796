using System.Collections.Concurrent;

namespace Orleans.Runtime;

/// <summary>The activations of this silo by grain id: at most one for each, but for stateless workers.</summary>
internal sealed class Catalog(SiloRuntime silo)
{
    private readonly ConcurrentDictionary<GrainId, ICallTarget> _targets = new();

    /// <summary>Takes a call to its grain's activation, which is made if there is none.</summary>
    /// <exception cref="SiloUnavailableException">The silo makes no new activations now.</exception>
    /// <exception cref="ArgumentException">There is no such grain class.</exception>
    internal void Deliver(Calls.GrainCall call)
    {
        silo.ThrowIfNotRunning();
        while (true)
        {
            if (!_targets.TryGetValue(call.Target, out var target))
                target = Add(call.Target);
            if (target.TryDeliver(call))
                return;
        }
    }

    /// <summary>Takes a call to its grain's activation if there is one that still takes calls.</summary>
    /// <returns>False when there is none; the call is unchanged then.</returns>
    /// <exception cref="LimitExceededException">Too much waits already.</exception>
    internal bool TryDeliverToExisting(Calls.GrainCall call)
    {
        silo.ThrowIfNotRunning();
        return _targets.TryGetValue(call.Target, out var target) && target.TryDeliver(call);
    }

    /// <summary>Whether a grain has an activation, be it one that is ending.</summary>
    internal bool Has(GrainId grainId) => _targets.ContainsKey(grainId);

    internal void Remove(Activation activation) =>
        _targets.TryRemove(new KeyValuePair<GrainId, ICallTarget>(activation.GrainId, activation));

    internal void Remove(WorkerGroup group) =>
        _targets.TryRemove(new KeyValuePair<GrainId, ICallTarget>(group.GrainId, group));

    internal IEnumerable<Activation> Activations()
    {
        foreach (var (_, target) in _targets)
        {
            if (target is Activation activation)
            {
                yield return activation;
                continue;
            }
            foreach (var worker in ((WorkerGroup)target).Workers())
                yield return worker;
        }
    }

    /// <summary>The activations that belong to the ring's owner of their grain: all but stateless workers.</summary>
    internal IEnumerable<Activation> OwnedActivations() => _targets.Values.OfType<Activation>();

    private ICallTarget Add(GrainId grainId)
    {
        silo.ThrowIfNoNewActivations(grainId);
        var grainClass = silo.Classes.Find(grainId.Type);
        return _targets.GetOrAdd(grainId, grainClass.LocalWorkersMax > 0
            ? new WorkerGroup(silo, grainClass, grainId)
            : new Activation(silo, grainClass, grainId, group: null));
    }
}

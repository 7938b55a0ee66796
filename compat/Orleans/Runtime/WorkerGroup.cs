namespace Orleans.Runtime;

/// <summary>The activations of one stateless worker in this silo: a call goes to an idle one, a new one, or the one with the least to do.</summary>
internal sealed class WorkerGroup(SiloRuntime silo, GrainClass grainClass, GrainId grainId) : ICallTarget
{
    private readonly Lock _gate = new();
    private readonly List<Activation> _workers = [];
    private bool _isClosed;

    internal GrainId GrainId => grainId;

    public bool TryDeliver(ActivationWork work)
    {
        lock (_gate)
        {
            return !_isClosed && Choose().TryDeliver(work);
        }
    }

    internal Activation[] Workers()
    {
        lock (_gate)
            return [.. _workers];
    }

    internal void Remove(Activation worker)
    {
        lock (_gate)
        {
            _workers.Remove(worker);
            if (_workers.Count > 0)
                return;
            _isClosed = true;
        }
        silo.Catalog.Remove(this);
    }

    private Activation Choose()
    {
        Activation? least = null;
        var leastLoad = int.MaxValue;
        foreach (var worker in _workers)
        {
            var load = worker.Load;
            if (load >= leastLoad || worker.HasEnded)
                continue;
            least = worker;
            leastLoad = load;
        }
        if (least is not null && (leastLoad == 0 || _workers.Count >= grainClass.LocalWorkersMax))
            return least;
        silo.ThrowIfNoNewActivations(grainId);
        var added = new Activation(silo, grainClass, grainId, this);
        _workers.Add(added);
        return added;
    }
}

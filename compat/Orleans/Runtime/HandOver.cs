using Orleans.Cluster;

namespace Orleans.Runtime;

/// <summary>
/// Ends activations that the ring has given to another silo. Calls that wait for one of them follow it to its new owner; calls
/// that run are let end first.
/// </summary>
internal sealed class HandOver(SiloRuntime silo, IClusterView view, ILocalSiloDetails local) : IDisposable
{
    /// <summary>How many activations end at the same time.</summary>
    internal const int ConcurrencyMax = 32;

    /// <summary>A call that was on its way while the ring changed can make an activation just after it was looked through.</summary>
    private static readonly TimeSpan SecondLookDelay = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1);
    private ITimer? _secondLook;

    public void Dispose()
    {
        _secondLook?.Dispose();
        _turn.Dispose();
    }

    internal void Start()
    {
        _secondLook = silo.CreateTimer(static self => ((HandOver)self!).LookSoon(), this);
        view.Changed += OnChanged;
    }

    internal void Stop() => view.Changed -= OnChanged;

    /// <summary>Ends what belongs to others by now.</summary>
    /// <returns>How many activations were ended.</returns>
    internal async Task<int> RunAsync()
    {
        await _turn.WaitAsync(silo.Stopping);
        try
        {
            var ring = view.Current.Ring;
            var foreign = silo.Catalog.OwnedActivations().Where(activation => IsForeign(ring, activation.GrainId)).ToArray();
            if (foreign.Length > 0)
                silo.Log.HandingOver(foreign.Length);
            await Parallel.ForEachAsync(
                foreign, new ParallelOptions { MaxDegreeOfParallelism = ConcurrencyMax, CancellationToken = silo.Stopping }, EndAsync);
            return foreign.Length;
        }
        finally
        {
            _turn.Release();
        }
    }

    internal void LookSoon() => _ = LookAsync();

    private async Task LookAsync()
    {
        try
        {
            await RunAsync();
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
        {
            // The silo stops; then all activations end.
        }
    }

    private void OnChanged(ClusterSnapshot snapshot)
    {
        LookSoon();
        _secondLook?.Change(SecondLookDelay, Timeout.InfiniteTimeSpan);
    }

    private bool IsForeign(HashRing ring, GrainId grainId) =>
        ring.OwnerOf(grainId) is { } owner && !owner.Equals(local.SiloAddress);

    private static async ValueTask EndAsync(Activation activation, CancellationToken cancellationToken)
    {
        // Not cut off when the silo begins to stop: then too, calls that run are let end and the grain is told.
        activation.Deactivate(
            new DeactivationReason(DeactivationReasonCode.RuntimeRequested, "The ring has given the grain to another silo."), CancellationToken.None);
        await activation.Deactivated.WaitAsync(cancellationToken);
    }
}

using GrainVault.Diagnostics;
using GrainVault.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Uploads;

/// <summary>Bounds how many store writes a silo runs at once, whatever the number of its part writers.</summary>
internal sealed class StoreWriteGate(IOptions<LimitsOptions> limits, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _free = new(limits.Value.StoreWriteCountMax, limits.Value.StoreWriteCountMax);

    /// <summary>Waits a bounded time for a place; dispose the result to give it back. Null when the store is too slow for the demand.</summary>
    public async ValueTask<IDisposable?> TryEnterAsync()
    {
        using var timeout = new CancellationTokenSource(limits.Value.StoreWriteWait, time);
        var place = _free.WaitAsync(timeout.Token);
        var hasToWait = !place.IsCompleted;
        if (hasToWait)
            GrainsMeter.StoreWriteWaits();
        try
        {
            await place;
        }
        catch (OperationCanceledException)
        {
            GrainsMeter.StoreWriteRefused();
            return null;
        }
        finally
        {
            if (hasToWait)
                GrainsMeter.StoreWriteWaited();
        }

        GrainsMeter.StoreWriteStarted();
        return new Place(_free);
    }

    public void Dispose() => _free.Dispose();

    private sealed class Place(SemaphoreSlim free) : IDisposable
    {
        private int _isGiven;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isGiven, 1) != 0)
                return;
            GrainsMeter.StoreWriteEnded();
            free.Release();
        }
    }
}

using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>Anything that can be called by its address.</summary>
    public interface IAddressable;
}

namespace Orleans
{
    /// <summary>The base of every grain interface.</summary>
    public interface IGrain : IAddressable;

    /// <summary>The base of grain interfaces whose grains have text keys.</summary>
    public interface IGrainWithStringKey : IGrain;

    /// <summary>What a grain class must offer to the runtime.</summary>
    public interface IGrainBase
    {
        /// <summary>The activation that this instance belongs to.</summary>
        IGrainContext GrainContext { get; }

        /// <summary>Runs before the first call.</summary>
        /// <param name="token">Cancelled when the activation has taken too long or its silo stops.</param>
        /// <returns>A task that ends when the grain is ready for calls.</returns>
        Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;

        /// <summary>Runs after the last call.</summary>
        /// <param name="reason">Why the activation ends.</param>
        /// <param name="token">Cancelled when there is no more time.</param>
        /// <returns>A task that ends when the grain has finished.</returns>
        Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
    }
}

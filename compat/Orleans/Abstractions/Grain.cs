using Orleans.Runtime;

namespace Orleans;

/// <summary>The base of grain classes.</summary>
public abstract class Grain : IGrainBase, IAddressable
{
    private readonly Activation _activation;

    /// <summary>Joins the activation that makes this instance.</summary>
    /// <exception cref="InvalidOperationException">A grain was made by something other than the runtime.</exception>
    protected Grain() =>
        _activation = Activation.Current
            ?? throw new InvalidOperationException($"{GetType().FullName} is made by the runtime only, never by its constructor.");

    /// <summary>The activation that this instance belongs to.</summary>
    public IGrainContext GrainContext => _activation;

    /// <summary>A reference to this grain.</summary>
    public GrainReference GrainReference => _activation.GrainReference;

    /// <summary>Makes references to other grains.</summary>
    protected IGrainFactory GrainFactory => _activation.Silo.GrainFactory;

    /// <summary>The services of this activation's own scope.</summary>
    protected internal IServiceProvider ServiceProvider => _activation.ActivationServices;

    /// <summary>Runs before the first call. A failure is thrown to the callers, and their next call tries again.</summary>
    /// <param name="cancellationToken">Cancelled when the activation has taken too long or its silo stops.</param>
    /// <returns>A task that ends when the grain is ready for calls.</returns>
    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs after the last call of an orderly end; a crash skips it.</summary>
    /// <param name="reason">Why the activation ends.</param>
    /// <param name="cancellationToken">Cancelled when there is no more time.</param>
    /// <returns>A task that ends when the grain has finished.</returns>
    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends this activation after its current calls; calls that wait go to the next activation.</summary>
    protected void DeactivateOnIdle() => GrainBaseExtensions.DeactivateOnIdle(this);

    /// <summary>Keeps this activation from being collected as idle.</summary>
    /// <param name="timeSpan">For how long from now; negative lifts an earlier delay.</param>
    protected void DelayDeactivation(TimeSpan timeSpan) => _activation.DelayDeactivation(timeSpan);
}

namespace Orleans.Runtime;

/// <summary>What a grain id stands for in one silo: an activation, or the activations of a stateless worker.</summary>
internal interface ICallTarget
{
    /// <summary>Queues work.</summary>
    /// <returns>False when the target is gone and the caller must ask for it again.</returns>
    /// <exception cref="LimitExceededException">Too much waits already.</exception>
    bool TryDeliver(ActivationWork work);
}

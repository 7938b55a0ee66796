namespace Orleans.Runtime;

/// <summary>Something that runs as a turn of an activation and obeys its rules of interleaving: a call or a timer's tick.</summary>
internal abstract class ActivationWork
{
    /// <summary>The place among the work that waits in one activation.</summary>
    internal long Sequence { get; set; }

    internal abstract bool IsReadOnly { get; }

    internal abstract bool IsAlwaysInterleave { get; }

    /// <summary>Whether running it keeps the activation from being collected as idle.</summary>
    internal virtual bool CountsAsUse => true;

    /// <summary>Whether it counts against the limit on an activation's calls.</summary>
    internal virtual bool IsLimited => true;

    /// <summary>Whether nobody waits for it any more, so that it need not start.</summary>
    internal virtual bool IsAbandoned => false;

    /// <summary>Runs on the activation's scheduler. Failures go to whoever waits for the work, never to the activation.</summary>
    /// <param name="activation">The activation.</param>
    /// <returns>A task that ends when the work has.</returns>
    internal abstract ValueTask RunAsync(Activation activation);

    /// <summary>Takes the work to the next activation, since this one has ended.</summary>
    /// <param name="activation">The activation that has ended.</param>
    internal abstract void Forward(Activation activation);

    /// <summary>Ends the work without running it.</summary>
    /// <param name="failure">Why.</param>
    internal abstract void Reject(Exception failure);
}

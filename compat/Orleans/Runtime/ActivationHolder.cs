namespace Orleans.Runtime;

/// <summary>Lives in an activation's scope, so that services of the scope can ask for their <see cref="IGrainContext"/>.</summary>
internal sealed class ActivationHolder
{
    private Activation? _activation;

    internal Activation Activation
    {
        get => _activation ?? throw new InvalidOperationException($"{nameof(IGrainContext)} is there in the scope of an activation only.");
        set => _activation = value;
    }
}

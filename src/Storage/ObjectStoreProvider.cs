namespace GrainVault.Storage;

/// <summary>The configured provider itself, without the decorators around it; the container disposes it once.</summary>
internal sealed class ObjectStoreProvider(IObjectStore store) : IDisposable
{
    /// <summary>The provider.</summary>
    public IObjectStore Store { get; } = store;

    /// <inheritdoc/>
    public void Dispose() => (Store as IDisposable)?.Dispose();
}

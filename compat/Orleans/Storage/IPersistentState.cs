namespace Orleans.Core
{
    /// <summary>A stored state, whatever its type.</summary>
    public interface IStorage
    {
        /// <summary>The version in the store; null when there is none.</summary>
        string? Etag { get; }

        /// <summary>Whether the store has a record.</summary>
        bool RecordExists { get; }

        /// <summary>Clears the state in the store.</summary>
        /// <returns>A task that ends when the state is cleared.</returns>
        Task ClearStateAsync();

        /// <summary>Writes the state to the store.</summary>
        /// <returns>A task that ends when the state is stored.</returns>
        Task WriteStateAsync();

        /// <summary>Reads the state from the store again.</summary>
        /// <returns>A task that ends when the state was read.</returns>
        Task ReadStateAsync();

        /// <summary>Clears the state in the store.</summary>
        /// <param name="cancellationToken">Ends the work early; its outcome is then unknown.</param>
        /// <returns>A task that ends when the state is cleared.</returns>
        Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();

        /// <summary>Writes the state to the store.</summary>
        /// <param name="cancellationToken">Ends the work early; its outcome is then unknown.</param>
        /// <returns>A task that ends when the state is stored.</returns>
        Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();

        /// <summary>Reads the state from the store again.</summary>
        /// <param name="cancellationToken">Ends the work early.</param>
        /// <returns>A task that ends when the state was read.</returns>
        Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
    }

    /// <summary>A stored state.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    public interface IStorage<TState> : IStorage
    {
        /// <summary>The state in memory.</summary>
        TState State { get; set; }
    }
}

namespace Orleans.Runtime
{
    /// <summary>A grain's stored state. It is read before <see cref="Grain.OnActivateAsync"/> runs.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    public interface IPersistentState<TState> : Core.IStorage<TState>;
}

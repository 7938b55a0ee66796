using Orleans.Runtime;

namespace Orleans
{
    /// <summary>A state on its way to or from a store.</summary>
    /// <typeparam name="T">The state's type.</typeparam>
    public interface IGrainState<T>
    {
        /// <summary>The state.</summary>
        T State { get; set; }

        /// <summary>The version in the store; null when there is none.</summary>
        string? ETag { get; set; }

        /// <summary>Whether the store has a record.</summary>
        bool RecordExists { get; set; }
    }

    /// <summary>A plain <see cref="IGrainState{T}"/>.</summary>
    /// <typeparam name="T">The state's type.</typeparam>
    public sealed class GrainState<T> : IGrainState<T>
    {
        /// <summary>An empty state.</summary>
        public GrainState() => State = default!;

        /// <inheritdoc/>
        public T State { get; set; }

        /// <inheritdoc/>
        public string? ETag { get; set; }

        /// <inheritdoc/>
        public bool RecordExists { get; set; }
    }
}

namespace Orleans.Storage
{
    /// <summary>A store of grain states. Versions are optimistic.</summary>
    public interface IGrainStorage
    {
        /// <summary>Reads a state.</summary>
        /// <typeparam name="T">The state's type.</typeparam>
        /// <param name="stateName">The state's name.</param>
        /// <param name="grainId">The grain.</param>
        /// <param name="grainState">Receives state and version.</param>
        /// <returns>A task that ends when the state was read.</returns>
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Writes a state if the version is still the one in the store.</summary>
        /// <typeparam name="T">The state's type.</typeparam>
        /// <param name="stateName">The state's name.</param>
        /// <param name="grainId">The grain.</param>
        /// <param name="grainState">The state and its version; receives the new version.</param>
        /// <returns>A task that ends when the state is stored.</returns>
        /// <exception cref="InconsistentStateException">The store has another version.</exception>
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Clears a state if the version is still the one in the store.</summary>
        /// <typeparam name="T">The state's type.</typeparam>
        /// <param name="stateName">The state's name.</param>
        /// <param name="grainId">The grain.</param>
        /// <param name="grainState">The state's version; receives the new one.</param>
        /// <returns>A task that ends when the state is cleared.</returns>
        /// <exception cref="InconsistentStateException">The store has another version.</exception>
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <summary>Reads a state; a store that can't be cancelled does not look at the token.</summary>
        /// <typeparam name="T">The state's type.</typeparam>
        /// <param name="stateName">The state's name.</param>
        /// <param name="grainId">The grain.</param>
        /// <param name="grainState">Receives state and version.</param>
        /// <param name="cancellationToken">Ends the work early.</param>
        /// <returns>A task that ends when the state was read.</returns>
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            ReadStateAsync(stateName, grainId, grainState);

        /// <summary>Writes a state; a store that can't be cancelled does not look at the token.</summary>
        /// <typeparam name="T">The state's type.</typeparam>
        /// <param name="stateName">The state's name.</param>
        /// <param name="grainId">The grain.</param>
        /// <param name="grainState">The state and its version; receives the new version.</param>
        /// <param name="cancellationToken">Ends the work early; its outcome is then unknown.</param>
        /// <returns>A task that ends when the state is stored.</returns>
        /// <exception cref="InconsistentStateException">The store has another version.</exception>
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            WriteStateAsync(stateName, grainId, grainState);

        /// <summary>Clears a state; a store that can't be cancelled does not look at the token.</summary>
        /// <typeparam name="T">The state's type.</typeparam>
        /// <param name="stateName">The state's name.</param>
        /// <param name="grainId">The grain.</param>
        /// <param name="grainState">The state's version; receives the new one.</param>
        /// <param name="cancellationToken">Ends the work early; its outcome is then unknown.</param>
        /// <returns>A task that ends when the state is cleared.</returns>
        /// <exception cref="InconsistentStateException">The store has another version.</exception>
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            ClearStateAsync(stateName, grainId, grainState);
    }
}

using System.Runtime.CompilerServices;
using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>A grain's state between its memory and its store. A conflict of versions ends the activation.</summary>
/// <typeparam name="TState">The state's type.</typeparam>
internal sealed class PersistentState<TState>(Activation activation, IGrainStorage store, string name) : IPersistentState<TState>, IStateReader
{
    private readonly GrainState<TState> _record = new() { State = NewState() };

    public TState State
    {
        get => _record.State;
        set => _record.State = value;
    }

    public string? Etag => _record.ETag;

    public bool RecordExists => _record.RecordExists;

    public Task ReadAsync(CancellationToken cancellationToken) => ReadStateAsync(cancellationToken);

    public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

    public async Task ReadStateAsync(CancellationToken cancellationToken)
    {
        await store.ReadStateAsync(name, activation.GrainId, _record, cancellationToken);
        _record.State ??= NewState();
    }

    public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

    public Task WriteStateAsync(CancellationToken cancellationToken) =>
        ChangeAsync(() => store.WriteStateAsync(name, activation.GrainId, _record, cancellationToken));

    public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

    public async Task ClearStateAsync(CancellationToken cancellationToken)
    {
        await ChangeAsync(() => store.ClearStateAsync(name, activation.GrainId, _record, cancellationToken));
        _record.State = NewState();
    }

    internal static TState NewState() => typeof(TState).IsValueType
        ? default!
        : typeof(TState).GetConstructor([]) is not null
            ? System.Activator.CreateInstance<TState>()
            : (TState)RuntimeHelpers.GetUninitializedObject(typeof(TState));

    private async Task ChangeAsync(Func<Task> change)
    {
        try
        {
            await change();
        }
        catch (InconsistentStateException conflict)
        {
            activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationError, conflict, $"State {name} was changed elsewhere."));
            throw;
        }
    }
}

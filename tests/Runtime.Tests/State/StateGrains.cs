using GrainVault.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace GrainVault.Runtime.Tests.State;

[GenerateSerializer, Alias("test.NoteState")]
public sealed class NoteState
{
    [Id(0)]
    public string Text { get; set; } = "none";

    [Id(1)]
    public List<int> Numbers { get; set; } = [];

    [Id(2)]
    public Dictionary<string, DateTimeOffset> Times { get; set; } = [];
}

[GenerateSerializer, Alias("test.CounterState")]
public sealed record CounterState
{
    [Id(0)]
    public long Count { get; set; }
}

[Alias("test.INoteGrain")]
public interface INoteGrain : IGrainWithStringKey
{
    [Alias("Write")]
    Task Write(string text, params int[] numbers);

    [Alias("Read")]
    Task<NoteState> Read();

    [Alias("ReadAtActivation")]
    Task<string> ReadAtActivation();

    [Alias("Count")]
    Task<long> Count();

    [Alias("Clear")]
    Task Clear();

    [Alias("Exists")]
    Task<bool> Exists();

    [Alias("ETag")]
    Task<string?> ETag();

    [Alias("ReadAgain")]
    Task<string> ReadAgain();

    [Alias("ChangeBehind")]
    Task ChangeBehind();

    [Alias("End")]
    Task End();
}

[GrainType("note")]
public sealed class NoteGrain(
    [PersistentState("note", "store")] IPersistentState<NoteState> note,
    [PersistentState("note-counter", "store")] IPersistentState<CounterState> counter,
    IServiceProvider services,
    Phases phases) : Grain, INoteGrain
{
    private string _atActivation = "";

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _atActivation = note.State.Text;
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        phases.Reach($"ended {this.GetPrimaryKeyString()}");
        return Task.CompletedTask;
    }

    public async Task Write(string text, params int[] numbers)
    {
        note.State.Text = text;
        note.State.Numbers = [.. numbers];
        note.State.Times["written"] = DateTimeOffset.UnixEpoch;
        counter.State.Count++;
        await note.WriteStateAsync();
        await counter.WriteStateAsync();
    }

    public Task<NoteState> Read() => Task.FromResult(note.State);

    public Task<string> ReadAtActivation() => Task.FromResult(_atActivation);

    public Task<long> Count() => Task.FromResult(counter.State.Count);

    public Task Clear() => note.ClearStateAsync();

    public Task<bool> Exists() => Task.FromResult(note.RecordExists);

    public Task<string?> ETag() => Task.FromResult(note.Etag);

    public async Task<string> ReadAgain()
    {
        note.State.Text = "not stored";
        await note.ReadStateAsync();
        return note.State.Text;
    }

    /// <summary>Writes the state past this activation, as a second activation in a torn cluster would.</summary>
    public async Task ChangeBehind()
    {
        var store = services.GetRequiredKeyedService<IGrainStorage>("store");
        var other = new GrainState<NoteState>();
        await store.ReadStateAsync("note", this.GetGrainId(), other);
        other.State.Text = "changed behind";
        await store.WriteStateAsync("note", this.GetGrainId(), other);
    }

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}

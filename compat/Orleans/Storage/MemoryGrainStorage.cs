using System.Collections.Concurrent;
using System.Globalization;
using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>A store in memory. States are kept as bytes, so that a grain shares nothing with its store.</summary>
internal sealed class MemoryGrainStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<(string Name, GrainId Id), Record> _records = new();

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var record = _records.GetValueOrDefault((stateName, grainId));
        grainState.RecordExists = record?.Payload is not null;
        grainState.ETag = record?.Version.ToString(CultureInfo.InvariantCulture);
        grainState.State = record?.Payload is { } payload ? GrainStateJson.Read<T>(payload)! : PersistentState<T>.NewState();
        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        Replace((stateName, grainId), grainState, GrainStateJson.Write(grainState.State));
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        Replace((stateName, grainId), grainState, null);
        grainState.RecordExists = false;
        return Task.CompletedTask;
    }

    private void Replace<T>((string Name, GrainId Id) key, IGrainState<T> grainState, byte[]? payload)
    {
        var stored = _records.GetValueOrDefault(key);
        var storedETag = stored?.Version.ToString(CultureInfo.InvariantCulture);
        var next = new Record((stored?.Version ?? 0) + 1, payload);
        var isCurrent = storedETag == grainState.ETag
            && (stored is null ? _records.TryAdd(key, next) : _records.TryUpdate(key, next, stored));
        if (!isCurrent)
        {
            throw new InconsistentStateException(
                $"Version conflict in memory storage: state {key.Name} of {key.Id}.", storedETag, grainState.ETag);
        }
        grainState.ETag = next.Version.ToString(CultureInfo.InvariantCulture);
    }

    private sealed record Record(long Version, byte[]? Payload);
}

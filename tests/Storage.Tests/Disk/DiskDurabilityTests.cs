using GrainVault.Storage.Tests.Conformance;

namespace GrainVault.Storage.Tests.Disk;

/// <summary>What must have reached the disk, in which order, before a call returns.</summary>
public sealed class DiskDurabilityTests : IDisposable
{
    private const string Key = "objects/ab/k";

    private readonly DiskTestFolder _folder = new();
    private readonly List<DiskChange> _changes = [];
    private readonly FaultyDisk _disk = new();

    public DiskDurabilityTests() => _disk.Before = change =>
    {
        lock (_changes)
            _changes.Add(change);
    };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Part_is_written_flushed_renamed_and_its_folder_flushed_in_this_order()
    {
        using var store = _folder.Open(_disk);
        var id = await store.InitiateAsync(Key);
        _changes.Clear();
        await store.PutPartAsync(Key, id, 1, Content.Random(1000));
        Assert.Equal(["create", "write", "write", "flush", "move", "flush-folder"], _changes.Select(change => change.Call));
        Assert.Equal(_changes[3].Path, _changes[4].Path);
        Assert.Equal(_changes[5].Path, Path.GetDirectoryName(_changes[4].To));
    }

    [Fact]
    public async Task Every_acknowledged_change_is_durable()
    {
        using var store = _folder.Open(_disk);
        CheckDurable("open");
        await store.PutAsync(Key, Content.Random(1000));
        CheckDurable("put");
        await store.PutAsync("objects/cd/new/folders/k", Content.Random(1000));
        CheckDurable("put in new folders");
        var id = await store.InitiateAsync("objects/ef/m");
        CheckDurable("initiate");
        var part = await store.PutPartAsync("objects/ef/m", id, 1, Content.Random(1000));
        CheckDurable("put part");
        await store.CompleteAsync("objects/ef/m", id, [part]);
        CheckDurable("complete");
        await store.DeleteAsync("objects/ef/m");
        CheckDurable("delete parts");
        await store.DeleteAsync(Key);
        CheckDurable("delete");
        var aborted = await store.InitiateAsync(Key);
        await store.AbortAsync(Key, aborted);
        CheckDurable("abort");
    }

    [Fact]
    public async Task Folder_that_another_process_made_is_flushed_before_it_is_relied_on()
    {
        using var store = _folder.Open(_disk);
        Directory.CreateDirectory(Path.Combine(_folder.Path, "keys", "objects", "ab"));
        _changes.Clear();
        await store.PutAsync(Key, Content.Random(1000));
        Assert.Contains(new DiskChange("flush-folder", Path.Combine(_folder.Path, "keys")), _changes);
        Assert.Contains(new DiskChange("flush-folder", Path.Combine(_folder.Path, "keys", "objects")), _changes);
    }

    /// <summary>
    /// Checks the changes since the last call: a file is flushed between its last write and its rename, and every folder
    /// of keys in which a name came or went is flushed after it.
    /// </summary>
    private void CheckDurable(string operation)
    {
        var keys = Path.Combine(_folder.Path, "keys");
        for (var i = 0; i < _changes.Count; i++)
        {
            var change = _changes[i];
            if (change.Call == "move" && change.Path.StartsWith(Path.Combine(_folder.Path, "tmp"), StringComparison.Ordinal))
                Assert.True(_changes.Take(i).Last(earlier => earlier.Call is "write" or "flush").Call == "flush", $"{operation}: renamed before it was flushed");
            foreach (var folder in ChangedFolders(change).Where(folder => folder.StartsWith(keys, StringComparison.Ordinal)))
                Assert.True(_changes.Skip(i).Any(later => later.Call == "flush-folder" && later.Path == folder), $"{operation}: {change.Call} in {folder} was not flushed");
        }

        _changes.Clear();
    }

    private static IEnumerable<string> ChangedFolders(DiskChange change) => change.Call switch
    {
        "create-folder" => [Path.GetDirectoryName(change.Path)!],
        "move" or "move-folder" => [Path.GetDirectoryName(change.Path)!, Path.GetDirectoryName(change.To)!],
        "delete" when change.Path.EndsWith("+obj", StringComparison.Ordinal) => [Path.GetDirectoryName(change.Path)!],
        _ => [],
    };
}

using GrainVault.Storage.Disk;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.TestKit;

namespace GrainVault.Storage.Tests.Disk;

/// <summary>What only a disk does.</summary>
public sealed class DiskObjectStoreTests : IDisposable
{
    private const string Key = "objects/ab/k";

    private readonly DiskTestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Store_opened_again_has_what_it_had()
    {
        string id;
        StoredPart part;
        using (var store = _folder.Open())
        {
            await store.PutAsync(Key, Content.Random(1000));
            id = await store.InitiateAsync("objects/cd/m");
            part = await store.PutPartAsync("objects/cd/m", id, 1, Content.Random(2000));
        }

        using var again = _folder.Open();
        Assert.Equal(1000, (await again.FindAsync(Key))!.SizeBytes);
        Assert.Equal([part], await again.ListPartsAsync("objects/cd/m", id, 0));
        Assert.Equal(2000, (await again.CompleteAsync("objects/cd/m", id, [part])).SizeBytes);
    }

    [Fact]
    public async Task Temporary_files_of_a_dead_process_go_and_those_of_a_living_one_stay()
    {
        var disk = new FaultyDisk();
        using var writing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        using var alive = _folder.Open(disk);
        disk.Before = change =>
        {
            if (change.Call != "move")
                return;
            writing.Set();
            Assert.True(goOn.Wait(TimeSpan.FromSeconds(30)));
        };
        var put = alive.PutAsync(Key, Content.Random(1000));
        Assert.True(writing.Wait(TimeSpan.FromSeconds(30)));
        var dead = Directory.CreateDirectory(Path.Combine(_folder.Path, "tmp", "dead"));
        await File.WriteAllTextAsync(Path.Combine(dead.FullName, "1"), "half of a part");

        using var second = _folder.Open();
        Assert.False(dead.Exists && Directory.Exists(dead.FullName));
        goOn.Set();
        await put;
        Assert.Equal(1000, (await second.FindAsync(Key))!.SizeBytes);
    }

    [Fact]
    public async Task Two_processes_share_one_folder()
    {
        using var one = _folder.Open();
        using var two = _folder.Open();
        var id = await one.InitiateAsync(Key);
        var parts = new[] { await one.PutPartAsync(Key, id, 1, Content.Random(10, 1)), await two.PutPartAsync(Key, id, 2, Content.Random(20, 2)) };
        await two.CompleteAsync(Key, id, parts);
        Assert.Equal(ObjectStoreError.UploadNotFound, await ErrorOfAsync(() => one.PutPartAsync(Key, id, 1, Content.Random(10, 3))));
        Assert.Equal(30, (await one.FindAsync(Key))!.SizeBytes);
        await one.DeleteAsync(Key);
        Assert.Null(await two.FindAsync(Key));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task File_that_was_cut_is_never_read_as_if_it_were_whole(bool multipart)
    {
        using var store = _folder.Open();
        if (multipart)
            await CompleteAsync(store, 100_000, 100_000);
        else
            await store.PutAsync(Key, Content.Random(200_000));
        var file = Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories).Where(path => new FileInfo(path).Length > 50_000).Order(StringComparer.Ordinal).Last();
        using (var cut = File.OpenWrite(file))
            cut.SetLength(cut.Length - 10_000);
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => ReadAsync(store)));
        await store.DeleteAsync(Key);
        Assert.Empty(_folder.Files());
    }

    [Fact]
    public async Task Read_of_parts_that_were_deleted_meanwhile_throws()
    {
        using var store = _folder.Open();
        await CompleteAsync(store, 100_000, 100_000);
        await using var stream = await store.OpenReadAsync(Key);
        await stream.ReadExactlyAsync(new byte[10]);
        await store.DeleteAsync(Key);
        Assert.Equal(ObjectStoreError.NotFound, await ErrorOfAsync(() => stream.CopyToAsync(Stream.Null)));
    }

    [Fact]
    public async Task Content_that_looks_like_a_manifest_is_content()
    {
        using var store = _folder.Open();
        await CompleteAsync(store, 1000, 1000);
        var manifest = await File.ReadAllBytesAsync(_folder.ObjectFile(Key));
        await store.PutAsync("objects/cd/k", Content.Of(manifest));
        await using var stream = await store.OpenReadAsync("objects/cd/k");
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        Assert.Equal(manifest, copy.ToArray());
    }

    [Fact]
    public async Task Completion_deletes_the_parts_that_it_does_not_list()
    {
        using var store = _folder.Open();
        var id = await store.InitiateAsync(Key);
        var part = await store.PutPartAsync(Key, id, 1, Content.Random(100));
        await store.PutPartAsync(Key, id, 2, Content.Random(100));
        await store.CompleteAsync(Key, id, [part]);
        Assert.Equal([$"keys/objects/ab/k+obj", $"keys/objects/ab/k+parts-{id}/00001"], _folder.Files());
    }

    [Fact]
    public async Task Upload_whose_completion_failed_takes_parts_again()
    {
        var disk = new FaultyDisk();
        using var store = _folder.Open(disk);
        var id = await store.InitiateAsync(Key);
        var first = await store.PutPartAsync(Key, id, 1, Content.Random(100, 1));
        disk.Before = change =>
        {
            if (change.Call == "write")
                throw new IOException("No space left on device", 28);
        };
        Assert.Equal(ObjectStoreError.Full, await ErrorOfAsync(() => store.CompleteAsync(Key, id, [first])));
        disk.Before = _ => { };
        Assert.Equal([first], await store.ListPartsAsync(Key, id, 0));
        var second = await store.PutPartAsync(Key, id, 2, Content.Random(50, 2));
        Assert.Equal(150, (await store.CompleteAsync(Key, id, [first, second])).SizeBytes);
    }

    [Fact]
    public async Task Completion_copies_nothing()
    {
        var disk = new FaultyDisk();
        using var store = _folder.Open(disk);
        var id = await store.InitiateAsync(Key);
        var parts = new[] { await store.PutPartAsync(Key, id, 1, Content.Random(1 << 20)), await store.PutPartAsync(Key, id, 2, Content.Random(1 << 20)) };
        var writtenSizeBytes = 0;
        disk.Before = change => writtenSizeBytes += change.SizeBytes;
        await store.CompleteAsync(Key, id, parts);
        Assert.InRange(writtenSizeBytes, 1, 1024);
    }

    [Fact]
    public async Task Ten_thousand_parts_are_listed_completed_read_and_deleted()
    {
        const int partCount = 10_000;
        using var store = _folder.Open(new UnsafeDisk());
        var id = await store.InitiateAsync(Key);
        await Parallel.ForEachAsync(Enumerable.Range(1, partCount), async (number, cancellationToken) =>
            await store.PutPartAsync(Key, id, number, Content.Of(BitConverter.GetBytes(number)), cancellationToken));
        var parts = new List<StoredPart>();
        while (await store.ListPartsAsync(Key, id, parts.Count) is { Count: > 0 } page)
            parts.AddRange(page);
        Assert.Equal(Enumerable.Range(1, partCount), parts.Select(part => part.Number));
        Assert.Equal(partCount * sizeof(int), (await store.CompleteAsync(Key, id, parts)).SizeBytes);
        await using (var stream = await store.OpenReadAsync(Key, 4 * 4999, 8))
        {
            var bytes = new byte[8];
            await stream.ReadExactlyAsync(bytes);
            Assert.Equal((5000, 5001), (BitConverter.ToInt32(bytes, 0), BitConverter.ToInt32(bytes, 4)));
            Assert.Equal(-1, stream.ReadByte());
        }

        await store.DeleteAsync(Key);
        Assert.Empty(_folder.Files());
    }

    [Fact]
    public async Task Files_that_are_not_ours_are_not_listed()
    {
        using var store = _folder.Open();
        await store.PutAsync(Key, Content.Random(1));
        var folder = Path.Combine(_folder.Path, "keys", "objects", "ab");
        foreach (var name in new[] { "foreign", ".nfs0001", "x+other", "y+open-short", "Upper+obj", "two+plus+obj" })
            await File.WriteAllTextAsync(Path.Combine(folder, name), "?");
        Directory.CreateDirectory(Path.Combine(folder, "z+open-nonsense"));
        Directory.CreateDirectory(Path.Combine(folder, "lost+found"));
        Directory.CreateDirectory(Path.Combine(folder, "Upper"));
        Assert.Equal([Key], (await ToListAsync(store.ListObjectsAsync(""))).Select(item => item.Key));
        Assert.Empty(await ToListAsync(store.ListUploadsAsync("")));
    }

    [Fact]
    public async Task Cancelled_call_returns_only_when_its_work_has_ended()
    {
        var disk = new FaultyDisk();
        using var store = _folder.Open(disk);
        using var cancel = new CancellationTokenSource();
        using var writing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        disk.Before = change =>
        {
            if (change.Call != "flush")
                return;
            writing.Set();
            Assert.True(goOn.Wait(TimeSpan.FromSeconds(30)));
        };
        var put = store.PutAsync(Key, Content.Random(1000), cancel.Token);
        Assert.True(writing.Wait(TimeSpan.FromSeconds(30)));
        await cancel.CancelAsync();
        await Task.Yield();
        Assert.False(put.IsCompleted);
        goOn.Set();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put);
        Assert.Empty(_folder.Files());
    }

    [Fact]
    public async Task Write_that_a_hanging_disk_held_past_its_limit_does_not_appear_afterwards()
    {
        var (disk, time) = (new FaultyDisk(), new ManualTime());
        using var store = _folder.Open(disk, time: time);
        disk.Before = change =>
        {
            if (change.Call == "flush")
                time.Advance(store.Profile.WriteTimeout);
        };
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.PutAsync(Key, Content.Random(1000))));
        disk.Before = _ => { };
        Assert.Empty(_folder.Files());
        await store.PutAsync(Key, Content.Random(1000));
    }

    [Fact]
    public async Task Writes_past_the_queue_are_refused_as_unavailable_and_reads_do_not_wait_for_them()
    {
        var disk = new FaultyDisk();
        using var store = _folder.Open(disk, new DiskOptions { ThreadCount = 1, QueueLengthMax = 1 });
        using var writing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        disk.Before = change =>
        {
            writing.Set();
            Assert.True(goOn.Wait(TimeSpan.FromSeconds(30)));
        };
        var running = store.PutAsync(Key, Content.Random(1));
        Assert.True(writing.Wait(TimeSpan.FromSeconds(30)));
        var waiting = store.PutAsync(Key, Content.Random(2));
        Assert.Equal(ObjectStoreError.Unavailable, await ErrorOfAsync(() => store.PutAsync(Key, Content.Random(3))));
        Assert.Null(await store.FindAsync(Key));
        goOn.Set();
        await running;
        await waiting;
        Assert.Equal(2, (await store.FindAsync(Key))!.SizeBytes);
        disk.Before = _ => { };
    }

    [Fact]
    public async Task Folder_that_can_not_be_used_is_said_at_once()
    {
        var file = Path.Combine(_folder.Path, "file");
        await File.WriteAllTextAsync(file, "");
        var error = Assert.Throws<ObjectStoreException>(() =>
            new DiskObjectStore(new DiskOptions { Directory = Path.Combine(file, "objects") }, TimeProvider.System, null, new DiskCalls()));
        Assert.Equal(ObjectStoreError.Unavailable, error.Error);
    }

    /// <summary>Flushes nothing, where a test is about many files and not about a power cut.</summary>
    private sealed class UnsafeDisk : DiskCalls
    {
        public override void FlushFile(Microsoft.Win32.SafeHandles.SafeFileHandle file, string path)
        {
        }

        public override void FlushDirectory(Microsoft.Win32.SafeHandles.SafeFileHandle directory, string path)
        {
        }
    }

    private static async Task<ObjectStoreError> ErrorOfAsync(Func<Task> call) => (await Assert.ThrowsAsync<ObjectStoreException>(call)).Error;

    private static async Task ReadAsync(DiskObjectStore store)
    {
        await using var stream = await store.OpenReadAsync(Key);
        await stream.CopyToAsync(Stream.Null);
    }

    private static async Task CompleteAsync(DiskObjectStore store, params int[] sizesBytes)
    {
        var id = await store.InitiateAsync(Key);
        var parts = new List<StoredPart>();
        foreach (var sizeBytes in sizesBytes)
            parts.Add(await store.PutPartAsync(Key, id, parts.Count + 1, Content.Random(sizeBytes, parts.Count)));
        await store.CompleteAsync(Key, id, parts);
    }

    private static async Task<List<T>> ToListAsync<T>(IAsyncEnumerable<T> source)
    {
        var list = new List<T>();
        await foreach (var item in source)
            list.Add(item);
        return list;
    }
}

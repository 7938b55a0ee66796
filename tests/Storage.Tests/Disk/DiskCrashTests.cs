using GrainVault.Storage.Disk;
using GrainVault.Storage.Tests.Conformance;

namespace GrainVault.Storage.Tests.Disk;

/// <summary>
/// Kills the process before each change of the disk that an operation makes, one after another, opens the store again,
/// and checks that the operation has happened or not, that it can be repeated, and that nothing is left over at the end.
/// </summary>
public sealed class DiskCrashTests : IDisposable
{
    private const string Key = "objects/ab/k";
    private const int ChangeCountMax = 100;

    private readonly DiskTestFolder _folder = new();

    private static byte[] Old { get; } = Content.Bytes(3000, 1);

    private static byte[] New { get; } = Content.Bytes(4000, 2);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Killed_put_leaves_nothing_or_all() => RunAsync(
        prepare: _ => Task.FromResult(""),
        operation: (store, _) => store.PutAsync(Key, Content.Of(New)),
        before: null,
        after: New);

    [Fact]
    public Task Killed_replacement_leaves_the_old_or_the_new() => RunAsync(
        prepare: async store => (await store.PutAsync(Key, Content.Of(Old))).ETag,
        operation: (store, _) => store.PutAsync(Key, Content.Of(New)),
        before: Old,
        after: New);

    [Fact]
    public Task Killed_delete_leaves_the_object_or_nothing() => RunAsync(
        prepare: async store => (await store.PutAsync(Key, Content.Of(Old))).ETag,
        operation: (store, _) => store.DeleteAsync(Key),
        before: Old,
        after: null);

    [Fact]
    public Task Killed_delete_of_parts_leaves_the_object_or_nothing() => RunAsync(
        prepare: async store =>
        {
            var id = await store.InitiateAsync(Key);
            return (await store.CompleteAsync(Key, id, await PutPartsAsync(store, id))).ETag;
        },
        operation: (store, _) => store.DeleteAsync(Key),
        before: [.. Old, .. New],
        after: null);

    [Fact]
    public Task Killed_completion_can_be_repeated() => RunAsync(
        prepare: async store =>
        {
            var id = await store.InitiateAsync(Key);
            await PutPartsAsync(store, id);
            await store.PutPartAsync(Key, id, 3, Content.Random(10, 3));
            return id;
        },
        operation: (store, id) => store.CompleteAsync(Key, id, Parts),
        before: null,
        after: [.. Old, .. New]);

    [Fact]
    public Task Killed_part_can_be_repeated_and_the_upload_completed() => RunAsync(
        prepare: async store =>
        {
            var id = await store.InitiateAsync(Key);
            await store.PutPartAsync(Key, id, 1, Content.Of(New));
            return id;
        },
        operation: async (store, id) =>
        {
            if (await store.FindAsync(Key) is null)
                await PutPartsAsync(store, id);
            await store.CompleteAsync(Key, id, Parts);
        },
        before: null,
        after: [.. Old, .. New]);

    [Fact]
    public Task Killed_start_of_an_upload_is_found_by_listing() => RunAsync(
        prepare: _ => Task.FromResult(""),
        operation: async (store, _) =>
        {
            var id = await store.InitiateAsync(Key);
            await store.CompleteAsync(Key, id, await PutPartsAsync(store, id));
        },
        before: null,
        after: [.. Old, .. New]);

    [Fact]
    public Task Killed_abort_can_be_repeated() => RunAsync(
        prepare: async store =>
        {
            var id = await store.InitiateAsync(Key);
            await PutPartsAsync(store, id);
            return id;
        },
        operation: async (store, id) => Assert.True(await store.AbortAsync(Key, id)),
        before: null,
        after: null);

    private static StoredPart[] Parts { get; } = [PartOf(1, Old), PartOf(2, New)];

    private static StoredPart PartOf(int number, byte[] bytes) => new(number, bytes.Length, FileSeal.ETagOf(Content.Of(bytes).Sha256.Span));

    private static async Task<StoredPart[]> PutPartsAsync(DiskObjectStore store, string id) =>
        [await store.PutPartAsync(Key, id, 1, Content.Of(Old)), await store.PutPartAsync(Key, id, 2, Content.Of(New))];

    private static async Task<byte[]?> ReadAsync(DiskObjectStore store)
    {
        if (await store.FindAsync(Key) is null)
            return null;
        await using var stream = await store.OpenReadAsync(Key);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    private async Task RunAsync(Func<DiskObjectStore, Task<string>> prepare, Func<DiskObjectStore, string, Task> operation, byte[]? before, byte[]? after)
    {
        for (var crashAt = 0; ; crashAt++)
        {
            Assert.InRange(crashAt, 0, ChangeCountMax);
            string state;
            using (var store = _folder.Open())
                state = await prepare(store);
            var crashed = await CrashAsync(crashAt, store => operation(store, state));
            using (var store = _folder.Open())
            {
                var found = await ReadAsync(store);
                var expected = crashed ? new[] { before, after } : [after];
                Assert.True(expected.Any(bytes => Same(bytes, found)), $"killed before change {crashAt}: {found?.Length.ToString() ?? "nothing"} is neither before nor after");
                await operation(store, state);
                Assert.True(Same(after, await ReadAsync(store)), $"killed before change {crashAt}: the repeat did not succeed");
                await EmptyAsync(store);
                Assert.Equal([], _folder.Files());
            }

            if (!crashed)
                break;
        }
    }

    private static bool Same(byte[]? x, byte[]? y) => x is null || y is null ? x == y : x.AsSpan().SequenceEqual(y);

    /// <summary>What a sweeper does: deletes every object and aborts every upload that listings show.</summary>
    private static async Task EmptyAsync(DiskObjectStore store)
    {
        await foreach (var listed in store.ListObjectsAsync(""))
            await store.DeleteAsync(listed.Key);
        await foreach (var listed in store.ListUploadsAsync(""))
            Assert.True(await store.AbortAsync(listed.Key, listed.StoreUploadId));
    }

    /// <summary>Runs an operation in a process that dies before its change number <paramref name="crashAt"/>; false when it made fewer.</summary>
    private async Task<bool> CrashAsync(int crashAt, Func<DiskObjectStore, Task> operation)
    {
        var disk = new FaultyDisk();
        using var store = _folder.Open(disk);
        var count = 0;
        disk.Before = _ =>
        {
            if (Interlocked.Increment(ref count) > crashAt)
                throw new SimulatedCrashException();
        };
        try
        {
            await operation(store);
            return false;
        }
        catch (ObjectStoreException e) when (e.InnerException is SimulatedCrashException)
        {
            return true;
        }
    }
}

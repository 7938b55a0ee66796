using System.Diagnostics;
using System.Globalization;
using GrainVault.Storage.Disk;
using GrainVault.Storage.Tests.Conformance;

namespace GrainVault.Storage.Tests.Disk;

public sealed class DiskFullTests : IDisposable
{
    private const int NoSpace = 28;
    private const int DiskSizeBytes = 16 << 20;
    private const int PartSizeBytes = 3 << 20;
    private const string Key = "objects/ab/k";

    private readonly DiskTestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("create")]
    [InlineData("write")]
    [InlineData("flush")]
    [InlineData("move")]
    public async Task Full_disk_at_any_step_of_a_part_leaves_nothing_behind(string call)
    {
        var disk = new FaultyDisk();
        using var store = _folder.Open(disk);
        var id = await store.InitiateAsync(Key);
        var first = await store.PutPartAsync(Key, id, 1, Content.Random(1000));
        var files = _folder.Files();
        disk.Before = change =>
        {
            if (change.Call == call)
                throw new IOException("No space left on device", NoSpace);
        };
        Assert.Equal(ObjectStoreError.Full, await ErrorOfAsync(() => store.PutPartAsync(Key, id, 1, Content.Random(2000))));
        Assert.Equal(ObjectStoreError.Full, await ErrorOfAsync(() => store.PutAsync(Key, Content.Random(2000))));
        disk.Before = _ => { };
        Assert.Equal(files, _folder.Files());
        Assert.Equal([first], await store.ListPartsAsync(Key, id, 0));
    }

    [Fact]
    public async Task Full_disk_loses_nothing_and_takes_more_once_there_is_room()
    {
        using var small = SmallDisk.Create(_folder);
        using var store = _folder.Open(small.Calls);
        var id = await store.InitiateAsync(Key);
        var parts = new List<StoredPart>();
        var error = await ErrorOfAsync(async () =>
        {
            for (var number = 1; number <= 2 * DiskSizeBytes / PartSizeBytes; number++)
                parts.Add(await store.PutPartAsync(Key, id, number, Content.Random(PartSizeBytes, number)));
        });
        Assert.Equal(ObjectStoreError.Full, error);
        Assert.InRange(parts.Count, 2, DiskSizeBytes / PartSizeBytes);
        Assert.Equal(parts, await store.ListPartsAsync(Key, id, 0));
        Assert.Equal(parts.Count, _folder.Files().Length);

        await store.CompleteAsync(Key, id, parts);
        await using (var stream = await store.OpenReadAsync(Key))
        {
            using var copy = new MemoryStream();
            await stream.CopyToAsync(copy);
            Assert.Equal(parts.SelectMany(part => Content.Bytes(PartSizeBytes, part.Number)), copy.ToArray());
        }

        await store.DeleteAsync(Key);
        await store.PutAsync(Key, Content.Random(PartSizeBytes));
    }

    private static async Task<ObjectStoreError> ErrorOfAsync(Func<Task> call) => (await Assert.ThrowsAsync<ObjectStoreException>(call)).Error;

    /// <summary>
    /// A disk with little room: a real one, in memory, where the test may mount one (as root), and elsewhere the real disk
    /// with a count of its own.
    /// </summary>
    private sealed class SmallDisk : IDisposable
    {
        private readonly string? _mounted;
        private long _freeSizeBytes = DiskSizeBytes;

        private SmallDisk(DiskTestFolder folder)
        {
            if (Run("mount", "-t", "tmpfs", "-o", $"size={DiskSizeBytes.ToString(CultureInfo.InvariantCulture)}", "tmpfs", folder.Path))
            {
                (_mounted, Calls) = (folder.Path, new DiskCalls());
                return;
            }

            Calls = new FaultyDisk
            {
                Before = change =>
                {
                    if (change.Call == "delete" && File.Exists(change.Path))
                        _freeSizeBytes += new FileInfo(change.Path).Length;
                    if (change.Call == "write" && (_freeSizeBytes -= change.SizeBytes) < 0)
                    {
                        _freeSizeBytes += change.SizeBytes;
                        throw new IOException("No space left on device", NoSpace);
                    }
                },
            };
        }

        public DiskCalls Calls { get; }

        public static SmallDisk Create(DiskTestFolder folder) => new(folder);

        public void Dispose()
        {
            if (_mounted is not null)
                Assert.True(Run("umount", "--lazy", _mounted));
        }

        private static bool Run(string program, params string[] arguments)
        {
            if (!Environment.IsPrivilegedProcess)
                return false;
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
    }
}

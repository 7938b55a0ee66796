using GrainVault.Storage.Disk;
using GrainVault.Storage.Tests.Conformance;
using Microsoft.Win32.SafeHandles;

namespace GrainVault.Storage.Tests.Disk;

public sealed class DiskLinkTests : IDisposable
{
    private const string Source = "objects/ab/source";
    private const string Copy = "objects/cd/copy";
    private readonly DiskTestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 300_064)]
    public async Task Copy_is_another_name_where_the_file_system_has_such_names(bool canLink, long writtenBytes)
    {
        var calls = new CountingDisk { CanLink = canLink };
        using var store = _folder.Open(calls);
        var source = await store.PutAsync(Source, Content.Random(300_000, 1));
        calls.WrittenBytes = 0;

        var copy = await store.CopyAsync(Source, source.ETag, Copy);

        Assert.Equal(writtenBytes, calls.WrittenBytes);
        Assert.Equal(source, copy);
        // Whatever becomes of the source, the copy stays what it is.
        await store.PutAsync(Source, Content.Random(10, 2));
        await store.DeleteAsync(Source);
        Assert.Equal(source, await store.FindAsync(Copy));
        await using var stream = await store.OpenReadAsync(Copy);
        using var read = new MemoryStream();
        await stream.CopyToAsync(read);
        Assert.Equal(Content.Bytes(300_000, 1), read.ToArray());
        Assert.Single(_folder.Files(), file => !file.EndsWith(".key", StringComparison.Ordinal));
    }

    private sealed class CountingDisk : DiskCalls
    {
        public bool CanLink { get; init; }

        public long WrittenBytes { get; set; }

        public override bool TryLinkFile(string existing, string path) => CanLink && base.TryLinkFile(existing, path);

        public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
        {
            WrittenBytes += bytes.Length;
            base.Write(file, bytes, offset);
        }
    }
}

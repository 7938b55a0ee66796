using System.IO.Pipelines;
using GrainVault.Storage.Disk;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.TestKit;

namespace GrainVault.Storage.Tests.Disk;

/// <summary>Bodies that the front end hands over, and what may go wrong with them.</summary>
public sealed class DiskReceiveTests : IDisposable
{
    private const string Key = "objects/ab/c";
    private readonly DiskTestFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Key_is_made_once_for_the_owner_alone_and_shared_by_all_processes()
    {
        using var first = Open();
        using var second = Open();
        Assert.Empty(KeyFiles());
        var urls = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => (i % 2 == 0 ? first : second).PresignPutAsync(Key, 10, TimeSpan.FromMinutes(1)))));
        Assert.Single(urls.Distinct());
        var path = Assert.Single(KeyFiles());
        Assert.Equal(32, new FileInfo(path).Length);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(SignedUrlStatus.Valid, Verify(second, urls[0].Url, 10).Status);
        using var third = Open();
        Assert.Equal(SignedUrlStatus.Valid, Verify(third, urls[0].Url, 10).Status);
    }

    [Fact]
    public async Task Key_file_that_is_none_is_refused_and_not_replaced()
    {
        using var store = Open();
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "object-urls.key"), "too short");
        var error = await Assert.ThrowsAsync<ObjectStoreException>(async () => await store.PresignPutAsync(Key, 10, TimeSpan.FromMinutes(1)));
        Assert.Equal(ObjectStoreError.Refused, error.Error);
        Assert.DoesNotContain("too short", error.ToString(), StringComparison.Ordinal);
        Assert.Equal("too short", await File.ReadAllTextAsync(Path.Combine(_folder.Path, "object-urls.key")));
    }

    [Fact]
    public async Task Url_carries_the_public_url_of_the_front_end()
    {
        using var store = Open(new DiskOptions { PublicUrl = "https://files.example.org/vault/" });
        var url = (await store.PresignGetAsync(Key, TimeSpan.FromMinutes(1))).Url;
        Assert.StartsWith("https://files.example.org/vault/objects/v1/get/objects/ab/c?", url.AbsoluteUri, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(999)]
    [InlineData(1001)]
    [InlineData(0)]
    [InlineData(3_000_000)]
    public async Task Body_of_another_size_leaves_nothing(int sizeBytes)
    {
        using var store = Open();
        var request = await SignPutAsync(store, 1000);
        Assert.Equal(SignedWriteStatus.WrongSize, (await store.WriteAsync(request, BodyOf(Content.Bytes(sizeBytes)))).Status);
        CheckNothingLeft();
    }

    [Fact]
    public async Task Body_that_breaks_off_or_is_cancelled_leaves_nothing_and_passes_its_exception_on()
    {
        using var store = Open();
        var request = await SignPutAsync(store, 2_000_000);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var writing = store.WriteAsync(request, pipe.Reader);
        await pipe.Writer.WriteAsync(Content.Bytes(1_000_000));
        await pipe.Writer.CompleteAsync(new InvalidDataException("connection reset"));
        await Assert.ThrowsAsync<InvalidDataException>(() => writing);
        CheckNothingLeft();

        using var cancel = new CancellationTokenSource();
        var second = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        writing = store.WriteAsync(request, second.Reader, cancel.Token);
        await second.Writer.WriteAsync(Content.Bytes(1_000_000));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        CheckNothingLeft();
    }

    [Fact]
    public async Task Body_that_ends_long_after_its_url_does_not_appear()
    {
        using var store = Open();
        var request = await SignPutAsync(store, 1000);
        var pipe = new Pipe();
        var writing = store.WriteAsync(request, pipe.Reader);
        _time.Advance(TimeSpan.FromMinutes(1) + store.Profile.WriteTimeout);
        await pipe.Writer.WriteAsync(Content.Bytes(999));
        _time.Advance(TimeSpan.FromSeconds(1));
        await pipe.Writer.WriteAsync(Content.Bytes(1));
        await pipe.Writer.CompleteAsync();
        Assert.Equal(SignedWriteStatus.Expired, (await writing).Status);
        CheckNothingLeft();
    }

    [Fact]
    public async Task Body_that_never_ends_is_given_up_long_after_its_url()
    {
        using var store = Open();
        var request = await SignPutAsync(store, 1000);
        var pipe = new Pipe();
        var writing = store.WriteAsync(request, pipe.Reader);
        await pipe.Writer.WriteAsync(Content.Bytes(999));
        _time.Advance(TimeSpan.FromMinutes(1) + store.Profile.WriteTimeout + TimeSpan.FromSeconds(1));
        Assert.Equal(SignedWriteStatus.Expired, (await writing.WaitAsync(TimeSpan.FromSeconds(30))).Status);
        CheckNothingLeft();
    }

    [Fact]
    public async Task Newest_of_many_bodies_for_one_place_is_the_only_one_that_takes_room()
    {
        using var store = Open();
        var request = await SignPutAsync(store, 1000);
        var pipes = Enumerable.Range(0, 20).Select(_ => new Pipe()).ToList();
        var writing = new List<Task<SignedWrite>>();
        foreach (var pipe in pipes)
        {
            await pipe.Writer.WriteAsync(Content.Bytes(999));
            writing.Add(store.WriteAsync(request, pipe.Reader));
        }

        var ended = await Task.WhenAll(writing.SkipLast(1)).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.All(ended, written => Assert.Equal(SignedWriteStatus.Superseded, written.Status));
        Assert.InRange(_folder.Files().Count(file => file.StartsWith("tmp", StringComparison.Ordinal)), 0, 1);
        await pipes[^1].Writer.WriteAsync(new byte[1]);
        await pipes[^1].Writer.CompleteAsync();
        Assert.Equal(SignedWriteStatus.Stored, (await writing[^1]).Status);
    }

    [Fact]
    public async Task Part_whose_upload_ends_while_it_comes_in_is_told_so_and_leaves_nothing()
    {
        using var store = Open();
        var id = await store.InitiateAsync(Key);
        var part = await store.PutPartAsync(Key, id, 1, Content.Random(10));
        var request = await SignPartAsync(store, id, 2, 1000);
        var (complete, abort) = (new Pipe(), new Pipe());
        var writing = store.WriteAsync(request, complete.Reader);
        await complete.Writer.WriteAsync(Content.Bytes(999));
        await store.CompleteAsync(Key, id, [part]);
        await complete.Writer.WriteAsync(Content.Bytes(1));
        await complete.Writer.CompleteAsync();
        Assert.Equal(SignedWriteStatus.UploadNotFound, (await writing).Status);
        Assert.Equal(SignedWriteStatus.UploadNotFound, (await store.WriteAsync(request, abort.Reader)).Status);
        Assert.Equal(10, (await store.FindAsync(Key))!.SizeBytes);
        Assert.DoesNotContain(_folder.Files(), file => file.StartsWith("tmp", StringComparison.Ordinal) || file.EndsWith("00002", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Part_goes_on_where_a_completion_failed()
    {
        using var store = Open();
        var id = await store.InitiateAsync(Key);
        var request = await SignPartAsync(store, id, 1, 1000);
        await Assert.ThrowsAsync<ObjectStoreException>(() => store.CompleteAsync(Key, id, [new StoredPart(1, 1000, "x")]));
        var written = await store.WriteAsync(request, BodyOf(Content.Bytes(1000)));
        Assert.Equal(await store.ListPartsAsync(Key, id, 0), [new StoredPart(1, 1000, written.ETag!)]);
    }

    [Fact]
    public async Task Slow_bodies_hold_no_thread_of_the_store()
    {
        using var store = Open(new DiskOptions { ThreadCount = 1, ReadThreadCount = 1 });
        var pipes = Enumerable.Range(0, 50).Select(_ => new Pipe()).ToList();
        var request = await SignPutAsync(store, 1000);
        var writing = pipes.Select((pipe, index) => store.WriteAsync(request with { Key = $"{Key}{index}" }, pipe.Reader)).ToList();
        foreach (var pipe in pipes)
            await pipe.Writer.WriteAsync(Content.Bytes(999));
        await store.PutAsync("objects/other", Content.Random(10)).WaitAsync(TimeSpan.FromSeconds(30));
        foreach (var pipe in pipes)
        {
            await pipe.Writer.WriteAsync(new byte[1]);
            await pipe.Writer.CompleteAsync();
        }

        Assert.All(await Task.WhenAll(writing), written => Assert.Equal(SignedWriteStatus.Stored, written.Status));
    }

    [Fact]
    public async Task Disk_that_is_full_says_so_and_nothing_appears()
    {
        var calls = new FullDisk();
        using var store = _folder.Open(calls, null, _time);
        var request = await SignPutAsync(store, 1_000_000);
        calls.BytesLeft = 500_000;
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => store.WriteAsync(request, BodyOf(Content.Bytes(1_000_000))));
        Assert.Equal(ObjectStoreError.Full, error.Error);
        CheckNothingLeft();
    }

    private static PipeReader BodyOf(byte[] bytes) => PipeReader.Create(new MemoryStream(bytes));

    private static SignedUrlVerdict Verify(DiskObjectStore store, Uri url, long sizeBytes)
    {
        var pieces = url.OriginalString.Split('?');
        return store.Verify("PUT", pieces[0], pieces[1], sizeBytes);
    }

    private static async Task<SignedObjectRequest> SignPutAsync(DiskObjectStore store, long sizeBytes) =>
        Verify(store, (await store.PresignPutAsync(Key, sizeBytes, TimeSpan.FromMinutes(1))).Url, sizeBytes).Request!;

    private static async Task<SignedObjectRequest> SignPartAsync(DiskObjectStore store, string id, int number, long sizeBytes) =>
        Verify(store, (await store.PresignPutPartAsync(Key, id, number, sizeBytes, TimeSpan.FromMinutes(1))).Url, sizeBytes).Request!;

    private DiskObjectStore Open(DiskOptions? options = null) => _folder.Open(null, options, _time);

    private string[] KeyFiles() => Directory.GetFiles(_folder.Path, "*.key*");

    private void CheckNothingLeft() => Assert.Equal(["object-urls.key"], _folder.Files());

    private sealed class FullDisk : DiskCalls
    {
        private const int NoSpace = 28;

        public long BytesLeft { get; set; } = long.MaxValue;

        public override void Write(Microsoft.Win32.SafeHandles.SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
        {
            BytesLeft -= bytes.Length;
            if (BytesLeft < 0)
                throw new IOException("No space left on device", NoSpace);
            base.Write(file, bytes, offset);
        }
    }
}

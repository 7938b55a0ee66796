using System.Diagnostics;
using System.IO.Compression;
using System.IO.Pipelines;
using GrainVault.Api.Archives;
using GrainVault.Api.Files;
using GrainVault.Api.Http;
using GrainVault.Files;
using GrainVault.Storage;
using GrainVault.TestKit;

namespace GrainVault.Api.Tests.Archives;

/// <summary>Archives of generated content, looked at by the readers that people have.</summary>
public sealed class ZipDownloadTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Archive_of_more_than_65535_entries_is_read_by_others()
    {
        const int Count = 66_000;
        var list = Enumerable.Range(0, Count).Select(i => File($"file {i}", i % 1000 == 0 ? 3 : 0)).ToList();
        await WriteAsync([Folder("many")], Pages(list));

        // The folder itself is an entry, too.
        Assert.Equal($"{Count + 1} 198 many/ many/file {Count - 1} None", await PythonAsync(
            "i = z.infolist(); print(len(i), sum(e.file_size for e in i), i[0].filename, i[-1].filename, z.testzip())"));
    }

    [Fact]
    public async Task Archive_of_more_than_4_GiB_is_read_by_others()
    {
        const long Size = (4L << 30) + 5;
        await WriteAsync([File("first", 1000), File("large", Size), File("late", 2000)], null);

        // What comes last stands where 32 bits do not reach; the large one is not read as a whole, for the time that takes.
        Assert.Equal($"{1000 + Size + 2000} 0 1000 2000 {new string('0', 20)}", await PythonAsync(
            "print(sum(e.file_size for e in z.infolist()), z.getinfo('large').compress_type, len(z.read('first')), len(z.read('late')), z.open('large').read(10).hex())"));
        await using var archive = await ZipFile.OpenReadAsync(Target);
        Assert.Equal(Size, archive.GetEntry("large")!.Length);
    }

    [Fact]
    public async Task Archive_keeps_names_times_and_modes()
    {
        var page = new List<ArchiveEntry> { File("報告.txt", 3), File("a\\b", 0), Folder("sub") with { Id = "empty" } };
        await WriteAsync([Folder("ü"), File("ü", 1)], (id, _, _) => Task.FromResult(new ArchivePageResult(null, id == "empty" ? [] : page, null)));

        Assert.Equal("ü/,ü/報告.txt,ü/a_b,ü/sub/,ü (1) (2026, 1, 2, 3, 4, 4) 0o100644 0o40755 None", await PythonAsync(
            "i = z.infolist(); print(','.join(e.filename for e in i), i[1].date_time, oct(i[1].external_attr >> 16), oct(i[0].external_attr >> 16), z.testzip())"));
        await UnzipAsync();
    }

    [Fact]
    public async Task Folder_that_goes_while_it_is_read_is_left_out()
    {
        await WriteAsync(
            [Folder("gone"), File("stays", 1)],
            (_, after, _) => Task.FromResult(after is null
                ? new ArchivePageResult(null, [File("seen", 1)], "seen")
                : new ArchivePageResult(new Refusal(RefusalReason.NotFound, "There is no such folder."), [], null)));
        Assert.Equal("gone/,gone/seen,stays None", await PythonAsync("print(','.join(e.filename for e in z.infolist()), z.testzip())"));
    }

    [Fact]
    public async Task File_that_may_not_be_read_any_more_when_its_turn_comes_is_left_out_and_one_that_changed_is_as_it_is_then()
    {
        await WriteAsync(
            [File("first", 1), File("lost", 2), File("grown", 3), File("lost", 4)],
            null,
            open: file => file.Name switch { "lost" => null, "grown" => file with { SizeBytes = 300_000, Name = "renamed" }, _ => file });
        Assert.Equal("first 1,grown 300000 None", await PythonAsync("print(','.join(e.filename + ' ' + str(e.file_size) for e in z.infolist()), z.testzip())"));
    }

    [Fact]
    public async Task Archive_of_a_login_that_has_ended_is_cut_off_before_the_next_file()
    {
        var opened = new List<string>();
        await Assert.ThrowsAsync<ProblemException>(() => WriteAsync([File("first", 300_000), File("second", 1), File("third", 1)], null, open: file =>
        {
            opened.Add(file.Name);
            return file.Name == "first" ? file : throw new ProblemException(new Problem(ProblemTypes.Unauthorized, "The login was ended."));
        }));

        Assert.Equal(["first", "second"], opened);
        Assert.Equal("not a zip", await PythonAsync("print('a zip')"));
    }

    [Theory]
    [InlineData("fails")]
    [InlineData("short")]
    [InlineData("grows")]
    public async Task Archive_that_can_not_be_finished_is_none(string trouble)
    {
        var limits = trouble == "grows" ? new FrontEndLimits { ZipEntryCountMax = 1 } : new FrontEndLimits();
        await Assert.ThrowsAnyAsync<Exception>(() => WriteAsync([File("first", 300_000), File("second", 1) with { ObjectKey = trouble }], null, limits));

        Assert.True(new FileInfo(Target).Length >= 300_000);
        Assert.Throws<InvalidDataException>(() => ZipFile.OpenRead(Target));
        Assert.Equal("not a zip", await PythonAsync("print('a zip')"));
    }

    private string Target => _folder["archive.zip"];

    private async Task WriteAsync(
        List<ArchiveEntry> roots,
        Func<string, string?, CancellationToken, Task<ArchivePageResult>>? list,
        FrontEndLimits? limits = null,
        Func<ArchiveEntry, ArchiveEntry?>? open = null)
    {
        list ??= (_, _, _) => Task.FromResult(new ArchivePageResult(null, [], null));
        // What was shown of them last.
        var known = roots.Where(entry => entry.Kind == EntryKind.File).DistinctBy(entry => entry.Id).ToDictionary(entry => entry.Id);
        var walk = new ArchiveWalk(
            async (id, after, cancellationToken) =>
            {
                var page = await list(id, after, cancellationToken);
                foreach (var entry in page.Entries)
                    known[entry.Id] = entry;
                return page;
            },
            (id, _) => Task.FromResult(new ArchiveEntryResult(null, open is null ? known[id] : open(known[id]))));
        using var place = new MemoryStream();
        await using var target = new OneWayFile(Target);
        await new ZipDownload("x", roots, walk, new ContentReader(new GeneratedStore()), limits ?? new FrontEndLimits(), place)
            .WriteAsync(PipeWriter.Create(target), default);
    }

    private static Func<string, string?, CancellationToken, Task<ArchivePageResult>> Pages(List<ArchiveEntry> entries) => (_, after, _) =>
    {
        var start = after is null ? 0 : int.Parse(after, System.Globalization.CultureInfo.InvariantCulture);
        var end = Math.Min(start + 500, entries.Count);
        return Task.FromResult(new ArchivePageResult(
            null, entries[start..end], end == entries.Count ? null : end.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    };

    private static ArchiveEntry File(string name, long size) =>
        new(name, EntryKind.File, name, "zeros", size, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private static ArchiveEntry Folder(string name) => File(name, 0) with { Kind = EntryKind.Folder };

    private async Task<string> PythonAsync(string script)
    {
        var program = $"""
            import sys, zipfile
            sys.stdout.reconfigure(encoding='utf-8')
            try:
                z = zipfile.ZipFile(sys.argv[1])
            except zipfile.BadZipFile:
                print('not a zip'); sys.exit()
            {script}
            """;
        return (await RunAsync("python3", "-c", program, Target)).TrimEnd();
    }

    /// <summary>Where there is one: not every machine has Info-ZIP, every one that builds this has Python.</summary>
    private async Task UnzipAsync()
    {
        if (System.IO.File.Exists("/usr/bin/unzip"))
            Assert.Contains("No errors detected", await RunAsync("unzip", "-tq", Target), StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output + await error);
        return output;
    }
}

/// <summary>Objects of zeros of any size, and two that can't be read.</summary>
internal sealed class GeneratedStore : IRangedReadStore
{
    public Task<Stream> OpenReadAsync(string key, long offset, long length, CancellationToken cancellationToken = default) => key switch
    {
        "fails" => throw new ObjectStoreException(ObjectStoreError.Unavailable, "away"),
        "short" => Task.FromResult<Stream>(new MemoryStream()),
        _ => Task.FromResult<Stream>(new Zeros(length)),
    };

    private sealed class Zeros(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = (int)Math.Min(buffer.Length, _left);
            buffer.Span[..count].Clear();
            _left -= count;
            return ValueTask.FromResult(count);
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>A file as a connection is one: written in order and asynchronously alone. What is zero becomes a hole of the file.</summary>
internal sealed class OneWayFile(string path) : Stream
{
    private readonly FileStream _file = new(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read, 1 << 16, useAsync: true);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length >= 4096 && !buffer.Span.ContainsAnyExcept((byte)0))
            _file.Seek(buffer.Length, SeekOrigin.Current);
        else
            await _file.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => _file.FlushAsync(cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A response is not written to synchronously.");

    public override void Flush() => throw new NotSupportedException("A response is not flushed synchronously.");

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        // What ends in a hole has its length all the same.
        _file.SetLength(_file.Position);
        await _file.DisposeAsync();
        await base.DisposeAsync();
    }
}

using System.IO.Pipelines;
using GrainVault.Storage.Disk;

namespace GrainVault.Storage.Tests.Disk;

/// <summary>Garbage of a body that is written while it comes in: none that grows with its size but bookkeeping.</summary>
[Collection(nameof(AllocationTests))]
public sealed class DiskReceiveAllocationTests
{
    private const string Key = "objects/ab/c";
    private const int SizeBytes = 64 << 20;

    [Fact]
    public async Task Body_of_64_MiB_allocates_at_most_2_MiB()
    {
        using var folder = new DiskTestFolder();
        using var store = folder.Open();
        var request = new SignedObjectRequest(SignedOperation.PutObject, Key, DateTimeOffset.UtcNow.AddHours(1)) { SizeBytes = SizeBytes };
        await store.WriteAsync(request, PipeReader.Create(new Zeros(SizeBytes)));
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var written = await store.WriteAsync(request, PipeReader.Create(new Zeros(SizeBytes)));
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 2 << 20);
        Assert.Equal(SignedWriteStatus.Stored, written.Status);
    }

    /// <summary>A body of zeros that is nowhere in memory.</summary>
    private sealed class Zeros(long sizeBytes) : Stream
    {
        private long _left = sizeBytes;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, _left);
            buffer.AsSpan(offset, read).Clear();
            _left -= read;
            return read;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = (int)Math.Min(buffer.Length, _left);
            buffer.Span[..read].Clear();
            _left -= read;
            return ValueTask.FromResult(read);
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

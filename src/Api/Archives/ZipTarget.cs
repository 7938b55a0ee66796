using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace GrainVault.Api.Archives;

/// <summary>
/// The body of a response as <see cref="System.IO.Compression.ZipArchive"/> writes to it. Headers of entries, some of which it writes
/// synchronously, wait in the response's own buffer for the next asynchronous write: a connection is never written to synchronously.
/// </summary>
internal sealed class ZipTarget(PipeWriter body) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer) => body.Write(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        Check(await body.WriteAsync(buffer, cancellationToken));

    /// <summary>Sends what waits.</summary>
    public override async Task FlushAsync(CancellationToken cancellationToken) => Check(await body.FlushAsync(cancellationToken));

    public override void Flush()
    {
        // With the next asynchronous write.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static void Check(FlushResult flushed)
    {
        if (flushed.IsCompleted || flushed.IsCanceled)
            throw new ConnectionAbortedException("The client has gone.");
    }
}

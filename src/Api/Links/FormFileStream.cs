using GrainVault.Api.Http;

namespace GrainVault.Api.Links;

/// <summary>What the files of one form may still have.</summary>
/// <param name="sizeBytesMax">All of them together, in bytes.</param>
internal sealed class FormRoom(long sizeBytesMax)
{
    private long _taken;

    /// <summary>Takes what was read.</summary>
    /// <exception cref="ProblemException">There is not so much left.</exception>
    public int Take(int length) => (_taken += length) <= sizeBytesMax ? length : throw new ProblemException(FormUpload.TooLarge(sizeBytesMax));
}

/// <summary>The content of a file in a form, read once from its beginning, and no further than there is room.</summary>
/// <param name="content">The content.</param>
/// <param name="room">What it takes of.</param>
internal sealed class FormFileStream(Stream content, FormRoom room) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => room.Take(content.Read(buffer, offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        room.Take(await content.ReadAsync(buffer, cancellationToken));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

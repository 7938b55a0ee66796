using GrainVault.Storage.Buffers;
using GrainVault.Storage.Tests.Conformance;

namespace GrainVault.Storage.Tests.Buffers;

public sealed class ReadOnlyMemoryStreamTests
{
    private readonly byte[] _bytes = Content.Bytes(1000);

    [Fact]
    public async Task Every_way_of_reading_gives_the_same_bytes()
    {
        await using var stream = new ReadOnlyMemoryStream(_bytes.AsMemory(100, 800));
        var expected = _bytes[100..900];
        var read = new byte[800];
        Assert.Equal(800, stream.Read(read, 0, 800));
        Assert.Equal(expected, read);
        Assert.Equal(0, stream.Read(read, 0, 800));
        stream.Position = 0;
        Assert.Equal(800, await stream.ReadAsync(new byte[900]));
        stream.Seek(0, SeekOrigin.Begin);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        Assert.Equal(expected, copy.ToArray());
        Assert.Equal(800, stream.Position);
    }

    [Fact]
    public void Seeking_stays_inside()
    {
        using var stream = new ReadOnlyMemoryStream(_bytes);
        Assert.Equal(990, stream.Seek(-10, SeekOrigin.End));
        Assert.Equal(995, stream.Seek(5, SeekOrigin.Current));
        Assert.Equal(_bytes[995], stream.ReadByte());
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Seek(1, SeekOrigin.End));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Position = -1);
        Assert.Equal(1000, stream.Length);
    }

    [Fact]
    public async Task Nothing_can_be_written()
    {
        await using var stream = new ReadOnlyMemoryStream(_bytes);
        Assert.False(stream.CanWrite);
        Assert.Throws<NotSupportedException>(() => stream.Write(_bytes, 0, 1));
        Assert.Throws<NotSupportedException>(() => stream.SetLength(1));
    }
}

using Microsoft.Win32.SafeHandles;

namespace GrainVault.Storage.Disk;

/// <summary>
/// Reads a range of bytes across the files that hold it, one open at a time. It ends exactly at the range's end or
/// throws; a file that is gone, cut or unreadable never looks like the end.
/// </summary>
internal sealed class DiskReadStream : Stream
{
    private readonly string _key;
    private readonly string _folder;
    private readonly IReadOnlyList<ManifestPart> _parts;
    private readonly long _end;
    private SafeFileHandle? _file;
    private int _partIndex;
    private long _position;
    private long _fileStart;
    private long _fileEnd;

    /// <summary>Reads one file that holds the whole object.</summary>
    public DiskReadStream(string key, SafeFileHandle file, long offset, long end)
    {
        (_key, _folder, _parts, _file) = (key, "", [], file);
        (_position, _end, _fileEnd) = (offset, end, end);
    }

    /// <summary>Reads part files in <paramref name="folder"/>.</summary>
    public DiskReadStream(string key, string folder, IReadOnlyList<ManifestPart> parts, long offset, long end)
    {
        (_key, _folder, _parts) = (key, folder, parts);
        (_position, _end) = (offset, end);
        _partIndex = IndexOf(parts, offset);
        if (offset < end)
            OpenPart();
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (NextLength(buffer.Length) is not (> 0 and var length))
            return 0;
        try
        {
            return Advance(await RandomAccess.ReadAsync(_file!, buffer[..length], _position - _fileStart, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (DiskErrors.Covers(e))
        {
            throw DiskErrors.Translate(e, "Read", _key);
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (NextLength(buffer.Length) is not (> 0 and var length))
            return 0;
        try
        {
            return Advance(RandomAccess.Read(_file!, buffer[..length], _position - _fileStart));
        }
        catch (Exception e) when (DiskErrors.Covers(e))
        {
            throw DiskErrors.Translate(e, "Read", _key);
        }
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file?.Dispose();
        base.Dispose(disposing);
    }

    private static int IndexOf(IReadOnlyList<ManifestPart> parts, long offset)
    {
        var (low, high) = (0, parts.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (parts[middle].Offset <= offset)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }

    /// <summary>Bytes that the open file can give towards the end of the range; opens the next file where one ends.</summary>
    private int NextLength(int wanted)
    {
        if (_position >= _end || wanted == 0)
            return 0;
        while (_position >= _fileEnd)
        {
            _partIndex++;
            OpenPart();
        }

        return (int)Math.Min(wanted, Math.Min(_fileEnd, _end) - _position);
    }

    private int Advance(int count)
    {
        if (count == 0)
            throw DiskErrors.Damaged(_key, $"it ends at byte {_position} of {_end}");
        _position += count;
        return count;
    }

    private void OpenPart()
    {
        _file?.Dispose();
        var part = _parts[_partIndex];
        try
        {
            _file = File.OpenHandle(
                DiskLayout.PartFile(_folder, part.Number), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
            if (FileSeal.Read(_file, _key).ObjectSizeBytes != part.SizeBytes)
                throw DiskErrors.Damaged(_key, $"part {part.Number} has another size than its manifest says");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ObjectStoreException(ObjectStoreError.NotFound, $"{_key} was deleted while it was read.", e);
        }
        catch (Exception e) when (DiskErrors.Covers(e))
        {
            throw DiskErrors.Translate(e, "Read", _key);
        }

        (_fileStart, _fileEnd) = (part.Offset, part.Offset + part.SizeBytes);
    }
}

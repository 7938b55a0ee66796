using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace GrainVault.Storage.Disk;

/// <summary>
/// A file of the store that is written piece by piece, hashed on the way, and appears as a whole under its final name. As
/// long as it has none, disposing removes it. Calls block and come one after another.
/// </summary>
internal sealed class UnfinishedFile(DiskCalls calls, string temporary) : IDisposable
{
    private readonly SafeFileHandle _file = calls.CreateFile(temporary);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private FileSeal? _seal;
    private bool _isNamed;

    /// <summary>Bytes written so far.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>Writes the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Invariant.That(_seal is null, "nothing is written behind a seal");
        if (bytes.IsEmpty)
            return;
        calls.Write(_file, bytes, SizeBytes);
        _hash.AppendData(bytes);
        SizeBytes += bytes.Length;
    }

    /// <summary>Gives the file its final name, durably; an existing file of that name is replaced. May be repeated when the folder was gone.</summary>
    /// <param name="target">The final path.</param>
    /// <param name="folder">The open folder of <paramref name="target"/>.</param>
    public FileSeal Commit(string target, SafeFileHandle folder)
    {
        var seal = Seal();
        calls.MoveFile(temporary, target);
        _isNamed = true;
        calls.FlushDirectory(folder, target);
        return seal;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
        if (_isNamed)
            return;
        try
        {
            calls.DeleteFile(temporary);
        }
        catch (Exception e) when (DiskErrors.Covers(e))
        {
            // The next start removes what is left here.
        }
    }

    private FileSeal Seal()
    {
        if (_seal is { } done)
            return done;
        var seal = new FileSeal(SealKind.Content, 0, SizeBytes, SizeBytes, _hash.GetHashAndReset());
        Span<byte> bytes = stackalloc byte[FileSeal.SizeBytes];
        seal.Format(bytes);
        calls.Write(_file, bytes, SizeBytes);
        calls.FlushFile(_file, temporary);
        _file.Dispose();
        _seal = seal;
        return seal;
    }
}

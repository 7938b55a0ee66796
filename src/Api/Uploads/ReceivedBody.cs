using GrainVault.Storage.Buffers;
using GrainVault.Uploads;

namespace GrainVault.Api.Uploads;

/// <summary>
/// A part or small file that was read: one buffer of bounded size and its share of the bytes in flight. The buffer is used
/// again only when nobody can be reading it any more; otherwise it is left to the garbage collector, so that one user's bytes
/// never reach another's file.
/// </summary>
internal sealed class ReceivedBody(PartBuffer buffer, BytesInFlight.Admission admission) : IDisposable
{
    private bool _isHandedOver;
    private int _callCount;

    /// <summary>The buffer to fill.</summary>
    public PartBuffer Buffer { get; } = buffer;

    /// <summary>Bytes in the buffer.</summary>
    public int Length { get; set; }

    /// <summary>True when the request's body ended with them.</summary>
    public bool IsEnd { get; set; }

    /// <summary>SHA-256 of the bytes.</summary>
    public byte[] Sha256 { get; set; } = [];

    /// <summary>MD5 of the bytes; empty when the client claims none.</summary>
    public byte[] Md5 { get; set; } = [];

    /// <summary>The bytes for a grain call; from here on the buffer belongs to the call.</summary>
    public PartContent HandOver()
    {
        _isHandedOver = true;
        _callCount++;
        return new PartContent(Buffer.Memory[..Length]);
    }

    /// <summary>
    /// The last call has answered. An answer that the store did not finish leaves its write possibly alive, and so may a call
    /// before it that did not answer.
    /// </summary>
    public void Answered(Refusal? refusal) => _isHandedOver = _callCount > 1 || refusal is { Reason: RefusalReason.Unavailable or RefusalReason.Busy };

    /// <summary>Gives the buffer back, or abandons it, and ends the admission.</summary>
    public void Dispose()
    {
        if (_isHandedOver)
            Buffer.Abandon();
        Buffer.Dispose();
        admission.Dispose();
    }
}

using System.Text;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>Who a process says it is, and what it wants: the first message on a connection, from either side.</summary>
/// <param name="ClusterId">The cluster.</param>
/// <param name="Lane">What the connection is for.</param>
/// <param name="Silo">The silo's address; null where it is a client.</param>
/// <param name="Target">The silo that the sender wants to reach; null where any will do.</param>
internal sealed record Hello(string ClusterId, Lane Lane, SiloAddress? Silo, SiloAddress? Target)
{
    /// <summary>The most bytes of the message after its prefix.</summary>
    internal const int SizeBytesMax = 1024;

    private const byte Version = 1;

    internal OutgoingFrame ToFrame()
    {
        var frame = new OutgoingFrame(FrameKind.Hello);
        var span = frame.GetSpan(2);
        span[0] = Version;
        span[1] = (byte)Lane;
        frame.Advance(2);
        CallHeader.Write(frame, ClusterId);
        CallHeader.Write(frame, Silo?.ToParsableString() ?? "");
        CallHeader.Write(frame, Target?.ToParsableString() ?? "");
        frame.EndHeader();
        frame.SetId(0);
        return frame;
    }

    /// <summary>Reads the message.</summary>
    /// <exception cref="InvalidDataException">It is none of this version.</exception>
    internal static Hello Read(Frame? message)
    {
        if (message is not { Kind: FrameKind.Hello } frame)
            throw new InvalidDataException("The peer did not say who it is.");
        var rest = frame.Header.Span;
        if (rest.Length < 2 || rest[0] != Version || rest[1] > (byte)Lane.Content)
            throw new InvalidDataException("The peer speaks another version of the protocol.");
        var lane = (Lane)rest[1];
        rest = rest[2..];
        return new Hello(ReadText(ref rest), lane, ReadAddress(ref rest), ReadAddress(ref rest));
    }

    private static string ReadText(ref ReadOnlySpan<byte> rest) => Encoding.UTF8.GetString(CallHeader.Take(ref rest));

    private static SiloAddress? ReadAddress(ref ReadOnlySpan<byte> rest)
    {
        var text = ReadText(ref rest);
        try
        {
            return text.Length == 0 ? null : SiloAddress.FromParsableString(text);
        }
        catch (FormatException failure)
        {
            throw new InvalidDataException("The peer's address is none.", failure);
        }
    }
}

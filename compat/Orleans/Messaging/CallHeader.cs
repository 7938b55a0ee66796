using System.Buffers.Binary;
using System.Text;
using Orleans.Calls;
using Orleans.Runtime;
using Orleans.Serialization.Wire;

namespace Orleans.Messaging;

/// <summary>
/// The header of a call: which parts follow, the target, interface and method, then the source, the trace and the request
/// context where there are any. Each part stands after its length in two bytes; the context is the rest.
/// </summary>
internal static class CallHeader
{
    private const byte HasSource = 1;
    private const byte HasTraceParent = 2;
    private const byte HasTraceState = 4;
    private const byte HasContext = 8;
    private const byte Known = HasSource | HasTraceParent | HasTraceState | HasContext;
    private const int CachedCountMax = 4096;

    private static readonly SpanCache<GrainType> Types = new(CachedCountMax);
    private static readonly SpanCache<string> Names = new(CachedCountMax);

    internal static void Write(OutgoingFrame frame, GrainCall call)
    {
        var flags = (call.Source is null ? 0 : HasSource)
            | (call.TraceParent is null ? 0 : HasTraceParent)
            | (call.TraceState is null ? 0 : HasTraceState)
            | (call.Context is null ? 0 : HasContext);
        frame.GetSpan(1)[0] = (byte)flags;
        frame.Advance(1);
        Write(frame, call.Target);
        Write(frame, call.Method.InterfaceName);
        Write(frame, call.Method.Name);
        if (call.Source is { } source)
            Write(frame, source);
        if (call.TraceParent is { } parent)
            Write(frame, parent);
        if (call.TraceState is { } state)
            Write(frame, state);
        if (call.Context is { } context)
            ContextCodec.Write(frame, context);
        frame.EndHeader();
    }

    /// <summary>Reads only where a call goes.</summary>
    /// <exception cref="InvalidDataException">This is no header.</exception>
    internal static GrainId ReadTarget(ReadOnlySpan<byte> header)
    {
        if (header.IsEmpty || (header[0] & ~Known) != 0)
            throw Broken();
        header = header[1..];
        return ReadGrainId(ref header);
    }

    /// <summary>Makes the call that a message describes.</summary>
    /// <exception cref="OrleansMessageRejectionException">This process has no such method.</exception>
    internal static GrainCall ReadCall(in Frame frame, GrainId target, ReferenceFactory references)
    {
        var header = frame.Header.Span;
        var flags = header[0];
        header = header[1..];
        Take(ref header);
        Take(ref header);
        var interfaceName = ReadName(ref header);
        var methodName = ReadName(ref header);
        var call = CallCatalog.Create(interfaceName, methodName)
            ?? throw new OrleansMessageRejectionException($"This silo's version has no method {methodName} of {interfaceName}, called on {target}.");
        call.Target = target;
        if ((flags & HasSource) != 0)
            call.Source = ReadGrainId(ref header);
        if ((flags & HasTraceParent) != 0)
            call.TraceParent = Encoding.UTF8.GetString(Take(ref header));
        if ((flags & HasTraceState) != 0)
            call.TraceState = Encoding.UTF8.GetString(Take(ref header));
        if ((flags & HasContext) != 0)
            call.Context = ContextCodec.Read(frame.Header[^header.Length..], references);
        call.ReadArguments(frame.Body, references);
        return call;
    }

    /// <summary>Writes a text after its length.</summary>
    internal static void Write(OutgoingFrame frame, string text)
    {
        var span = frame.GetSpan(sizeof(ushort) + Encoding.UTF8.GetMaxByteCount(text.Length));
        var sizeBytes = Encoding.UTF8.GetBytes(text, span[sizeof(ushort)..]);
        WriteLength(span, sizeBytes);
        frame.Advance(sizeof(ushort) + sizeBytes);
    }

    /// <summary>Reads bytes after their length.</summary>
    /// <exception cref="InvalidDataException">There are fewer.</exception>
    internal static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < sizeof(ushort))
            throw Broken();
        var sizeBytes = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        rest = rest[sizeof(ushort)..];
        if (rest.Length < sizeBytes)
            throw Broken();
        var taken = rest[..sizeBytes];
        rest = rest[sizeBytes..];
        return taken;
    }

    private static void Write(OutgoingFrame frame, GrainId id)
    {
        Write(frame, id.Type.Value.AsSpan());
        Write(frame, id.Key.AsSpan());
    }

    private static void Write(OutgoingFrame frame, ReadOnlySpan<byte> bytes)
    {
        var span = frame.GetSpan(sizeof(ushort) + bytes.Length);
        WriteLength(span, bytes.Length);
        bytes.CopyTo(span[sizeof(ushort)..]);
        frame.Advance(sizeof(ushort) + bytes.Length);
    }

    private static void WriteLength(Span<byte> span, int sizeBytes)
    {
        if (sizeBytes > ushort.MaxValue)
            throw new OrleansException($"A name or key of a call has {sizeBytes} bytes; at most {ushort.MaxValue} are allowed.");
        BinaryPrimitives.WriteUInt16LittleEndian(span, (ushort)sizeBytes);
    }

    private static GrainId ReadGrainId(ref ReadOnlySpan<byte> rest)
    {
        var type = Types.GetOrAdd(Take(ref rest), static bytes => new GrainType(new IdSpan(bytes)));
        return new GrainId(type, new IdSpan(Take(ref rest).ToArray()));
    }

    private static string ReadName(ref ReadOnlySpan<byte> rest) => Names.GetOrAdd(Take(ref rest), Encoding.UTF8.GetString);

    private static InvalidDataException Broken() => new("The peer sent a call whose header is broken.");
}

using System.Buffers;
using Orleans.Calls;
using Orleans.Messaging;

namespace Orleans.Serialization.Wire;

/// <summary>A single value as a message of its own: a call's result, the values of its context.</summary>
internal static class ResultCodec
{
    /// <summary>Writes a value.</summary>
    /// <exception cref="SerializerException">A type may not cross a call; what was written so far is of no use.</exception>
    internal static void Write<TResult>(IBufferWriter<byte> output, TResult result) => Write(output, result, output as IBlockWriter);

    internal static void Write<TResult>(IBufferWriter<byte> output, TResult result, IBlockWriter? blocks)
    {
        var writer = new WireWriter(output, blocks);
        FieldCodec<TResult>.Write(ref writer, 0, result);
        writer.Flush();
    }

    /// <summary>Reads a value.</summary>
    /// <exception cref="SerializerException">The bytes are not what was written.</exception>
    internal static TResult Read<TResult>(ReadOnlyMemory<byte> body, ReferenceFactory? references = null)
    {
        try
        {
            var reader = new WireReader(body, references);
            if (!reader.NextField())
                throw WireReader.Broken("no value");
            var result = FieldCodec<TResult>.Read(ref reader);
            reader.ExpectEndOfMessage();
            return result;
        }
        catch (Exception failure) when (failure is not SerializerException)
        {
            // A setter, a constructor or a parser did not like a value.
            throw new SerializerException($"The message is broken: {failure.Message}", failure);
        }
    }
}

/// <summary>The values of <see cref="Runtime.RequestContext"/> as bytes.</summary>
internal static class ContextCodec
{
    /// <summary>Writes the values.</summary>
    /// <exception cref="SerializerException">A type may not cross a call; what was written so far is of no use.</exception>
    internal static void Write(IBufferWriter<byte> output, Dictionary<string, object>? context) =>
        ResultCodec.Write(output, context, blocks: null);

    /// <summary>Reads the values.</summary>
    /// <exception cref="SerializerException">The bytes are not what was written.</exception>
    internal static Dictionary<string, object>? Read(ReadOnlyMemory<byte> body, ReferenceFactory? references = null) =>
        ResultCodec.Read<Dictionary<string, object>?>(body, references);
}

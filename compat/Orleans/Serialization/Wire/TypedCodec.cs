using System.Collections.Concurrent;
using System.Text;
using Orleans.Runtime;

namespace Orleans.Serialization.Wire;

/// <summary>Writes and reads values with the name of their type, where they are not of the declared one.</summary>
internal abstract class TypedCodec
{
    private static readonly ConcurrentDictionary<Type, TypedCodec> Codecs = new();

    private static readonly ConcurrentDictionary<Type, TypedCodec> Members = new();

    private byte[] _name = [];

    internal static void Write(ref WireWriter writer, uint id, object value)
    {
        var type = value.GetType();
        if (!Codecs.TryGetValue(type, out var codec))
            codec = Codecs.GetOrAdd(type, Create(type));
        writer.TypeOf(id, codec._name);
        codec.WriteExact(ref writer, 0, value);
    }

    internal static object? Read(ref WireReader reader)
    {
        var type = WireTypeNames.Find(Encoding.UTF8.GetString(reader.TypeName())) ?? throw WireReader.Broken("a type that is not known here");
        return Codecs.GetOrAdd(type, Create).ReadExact(ref reader);
    }

    /// <summary>The codec of what a value consists of; of an exception too, where it has members of its own.</summary>
    internal static TypedCodec OfMembers(Type type) => Members.GetOrAdd(type, static type =>
        (TypedCodec)Activator.CreateInstance(typeof(Of<>).MakeGenericType(type), nonPublic: true)!);

    internal abstract void WriteExact(ref WireWriter writer, uint id, object value);

    internal abstract object? ReadExact(ref WireReader reader);

    private static TypedCodec Create(Type type)
    {
        if (!CopierFactory.IsKnown(type))
            throw CodecFactory.NotFound(type);
        TypedCodec codec =
            typeof(Exception).IsAssignableFrom(type) ? new OfException()
            : typeof(GrainReference).IsAssignableFrom(type) ? new OfReference()
            : OfMembers(type);
        codec._name = Encoding.UTF8.GetBytes(WireTypeNames.Of(type));
        return codec;
    }

    private sealed class Of<T> : TypedCodec
    {
        internal override void WriteExact(ref WireWriter writer, uint id, object value) => FieldCodec<T>.Exact.Write(ref writer, id, (T)value);

        internal override object? ReadExact(ref WireReader reader) => FieldCodec<T>.Read(ref reader);
    }

    private sealed class OfException : TypedCodec
    {
        internal override void WriteExact(ref WireWriter writer, uint id, object value) => ExceptionCodec.WriteField(ref writer, id, (Exception)value);

        internal override object? ReadExact(ref WireReader reader) => ExceptionCodec.ReadField(ref reader);
    }

    /// <summary>A reference is its interface and its grain.</summary>
    private sealed class OfReference : TypedCodec
    {
        private const uint InterfaceId = 0;
        private const uint GrainField = 1;

        internal override void WriteExact(ref WireWriter writer, uint id, object value)
        {
            var reference = (GrainReference)value;
            writer.Begin(id);
            writer.Text(InterfaceId, Calls.MethodModel.NameOf(reference.InterfaceType));
            FieldCodec<GrainId>.Write(ref writer, GrainField, reference.GrainId);
            writer.End();
        }

        internal override object? ReadExact(ref WireReader reader)
        {
            string? name = null;
            GrainId grainId = default;
            reader.EnterObject();
            while (reader.NextField())
            {
                if (reader.Id == InterfaceId)
                    name = reader.Text();
                else if (reader.Id == GrainField)
                    grainId = FieldCodec<GrainId>.Read(ref reader);
                else
                    reader.Skip();
            }
            reader.LeaveObject();
            if (name is null || Calls.CallCatalog.FindInterface(name) is not { } type || grainId.IsDefault)
                throw WireReader.Broken("a reference to no grain that is known here");
            return reader.References.Create(type, grainId);
        }
    }
}

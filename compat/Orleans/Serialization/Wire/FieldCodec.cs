using Orleans.Runtime;

namespace Orleans.Serialization.Wire;

internal delegate void FieldWriter<in T>(ref WireWriter writer, uint id, T value);

/// <summary>Reads the field whose header was read.</summary>
internal delegate T FieldReader<out T>(ref WireReader reader);

/// <summary>Writes and reads values of exactly one type; never null, never of a derived type.</summary>
internal sealed record ExactCodec<T>(FieldWriter<T> Write, FieldReader<T> Read);

/// <summary>Writes and reads the fields of one declared type. A value of another type carries the name of its own.</summary>
/// <typeparam name="T">The declared type.</typeparam>
internal static class FieldCodec<T>
{
    /// <summary>Exceptions and grain references have many classes and one form.</summary>
    private static readonly bool NeverExact =
        typeof(Exception).IsAssignableFrom(typeof(T)) || typeof(GrainReference).IsAssignableFrom(typeof(T));

    private static readonly bool AlwaysExact = (typeof(T).IsValueType || typeof(T).IsSealed) && !NeverExact;
    private static readonly bool OmitsDefault = typeof(T).IsPrimitive || typeof(T).IsEnum;
    private static ExactCodec<T>? _exact;

    internal static ExactCodec<T> Exact => _exact ??= CodecFactory.Create<T>();

    /// <summary>Writes a field.</summary>
    /// <exception cref="SerializerException">The value's type may not cross a call, or it nests too deep.</exception>
    internal static void Write(ref WireWriter writer, uint id, T value)
    {
        if (value is null)
            writer.Null(id);
        else if (AlwaysExact || (!NeverExact && value.GetType() == typeof(T)))
            Exact.Write(ref writer, id, value);
        else
            TypedCodec.Write(ref writer, id, value);
    }

    /// <summary>Writes a field that a reader sees as null or zero where it is missing.</summary>
    internal static void WriteUnlessDefault(ref WireWriter writer, uint id, T value)
    {
        if (value is not null && !(OmitsDefault && EqualityComparer<T>.Default.Equals(value, default)))
            Write(ref writer, id, value);
    }

    internal static T Read(ref WireReader reader) => reader.Kind switch
    {
        WireKind.Null => default!,
        WireKind.Typed => TypedCodec.Read(ref reader) is T value
            ? value
            : throw WireReader.Broken($"a value that is no {typeof(T).Name}"),
        _ => Exact.Read(ref reader),
    };
}

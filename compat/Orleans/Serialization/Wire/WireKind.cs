namespace Orleans.Serialization.Wire;

/// <summary>
/// What follows a field's header. The header is a varint: the field's number, then three bits of kind. A kind says how long
/// the field is, so that a reader can skip what it does not know.
/// </summary>
internal enum WireKind
{
    /// <summary>An integer, seven bits a byte; signed ones are zigzag.</summary>
    Varint = 0,

    /// <summary>Four bytes.</summary>
    Fixed32 = 1,

    /// <summary>Eight bytes.</summary>
    Fixed64 = 2,

    /// <summary>A varint of the length, then that many bytes.</summary>
    Bytes = 3,

    /// <summary>Fields until <see cref="End"/>.</summary>
    Object = 4,

    /// <summary>No field: with number 0 the end of an object, with number 1 the end of one level of a class hierarchy.</summary>
    End = 5,

    /// <summary>Nothing.</summary>
    Null = 6,

    /// <summary>The name of a type in the form of <see cref="Bytes"/>, then one field of number 0.</summary>
    Typed = 7,
}

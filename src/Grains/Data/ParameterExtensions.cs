using Npgsql;
using NpgsqlTypes;

namespace GrainVault.Data;

/// <summary>Adds positional parameters with the type that the statement expects, so that nothing is guessed or boxed twice.</summary>
internal static class ParameterExtensions
{
    public static NpgsqlParameterCollection Text(this NpgsqlParameterCollection parameters, string? value) =>
        parameters.Typed(NpgsqlDbType.Text, value);

    public static NpgsqlParameterCollection Bytes(this NpgsqlParameterCollection parameters, byte[]? value) =>
        parameters.Typed(NpgsqlDbType.Bytea, value);

    public static NpgsqlParameterCollection Texts(this NpgsqlParameterCollection parameters, string[]? value) =>
        parameters.Typed(NpgsqlDbType.Array | NpgsqlDbType.Text, value);

    public static NpgsqlParameterCollection Integers(this NpgsqlParameterCollection parameters, int[]? value) =>
        parameters.Typed(NpgsqlDbType.Array | NpgsqlDbType.Integer, value);

    public static NpgsqlParameterCollection Longs(this NpgsqlParameterCollection parameters, long[]? value) =>
        parameters.Typed(NpgsqlDbType.Array | NpgsqlDbType.Bigint, value);

    public static NpgsqlParameterCollection OptionalLongs(this NpgsqlParameterCollection parameters, long?[]? value) =>
        parameters.Typed(NpgsqlDbType.Array | NpgsqlDbType.Bigint, value);

    public static NpgsqlParameterCollection Times(this NpgsqlParameterCollection parameters, DateTimeOffset[] value) =>
        parameters.Typed(NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, Array.ConvertAll(value, time => time.UtcDateTime));

    public static NpgsqlParameterCollection Integer(this NpgsqlParameterCollection parameters, int? value) =>
        parameters.Value(NpgsqlDbType.Integer, value);

    public static NpgsqlParameterCollection Long(this NpgsqlParameterCollection parameters, long? value) =>
        parameters.Value(NpgsqlDbType.Bigint, value);

    public static NpgsqlParameterCollection Boolean(this NpgsqlParameterCollection parameters, bool? value) =>
        parameters.Value(NpgsqlDbType.Boolean, value);

    public static NpgsqlParameterCollection Interval(this NpgsqlParameterCollection parameters, TimeSpan? value) =>
        parameters.Value(NpgsqlDbType.Interval, value);

    public static NpgsqlParameterCollection Time(this NpgsqlParameterCollection parameters, DateTimeOffset? value) =>
        parameters.Value(NpgsqlDbType.TimestampTz, value?.ToUniversalTime());

    public static NpgsqlParameterCollection Uuid(this NpgsqlParameterCollection parameters, Guid? value) =>
        parameters.Value(NpgsqlDbType.Uuid, value);

    private static NpgsqlParameterCollection Typed<T>(this NpgsqlParameterCollection parameters, NpgsqlDbType type, T? value)
        where T : class
    {
        parameters.Add(value is null
            ? new NpgsqlParameter { NpgsqlDbType = type, Value = DBNull.Value }
            : new NpgsqlParameter<T> { NpgsqlDbType = type, TypedValue = value });
        return parameters;
    }

    private static NpgsqlParameterCollection Value<T>(this NpgsqlParameterCollection parameters, NpgsqlDbType type, T? value)
        where T : struct
    {
        parameters.Add(value is { } present
            ? new NpgsqlParameter<T> { NpgsqlDbType = type, TypedValue = present }
            : new NpgsqlParameter { NpgsqlDbType = type, Value = DBNull.Value });
        return parameters;
    }
}

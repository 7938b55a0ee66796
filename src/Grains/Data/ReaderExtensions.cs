using Npgsql;

namespace GrainVault.Data;

/// <summary>Reads nullable columns.</summary>
internal static class ReaderExtensions
{
    public static string? TextOrNull(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public static int? IntegerOrNull(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt32(column);

    public static long? LongOrNull(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);

    public static byte[]? BytesOrNull(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<byte[]>(column);

    public static Guid? UuidOrNull(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);

    public static DateTimeOffset Time(this NpgsqlDataReader reader, int column) => new(reader.GetDateTime(column), TimeSpan.Zero);

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.Time(column);

    /// <summary>All rows of the current result.</summary>
    public static async Task<List<T>> RowsAsync<T>(this NpgsqlDataReader reader, Func<NpgsqlDataReader, T> map)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(map(reader));
        return rows;
    }

    /// <summary>The only row of the current result; null when there is none.</summary>
    public static async Task<T?> RowAsync<T>(this NpgsqlDataReader reader, Func<NpgsqlDataReader, T> map)
        where T : class =>
        await reader.ReadAsync() ? map(reader) : null;

    /// <summary>The refusal in the first column of the only row; null for none.</summary>
    public static async Task<int?> CodeAsync(this NpgsqlDataReader reader)
    {
        Invariant.That(await reader.ReadAsync(), "a command function returns one row");
        return reader.IntegerOrNull(0);
    }
}

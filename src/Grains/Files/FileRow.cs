using GrainVault.Data;
using Npgsql;

namespace GrainVault.Files;

/// <summary>An entry with its current version, as the database has it.</summary>
/// <param name="Entry">Metadata.</param>
/// <param name="ObjectKey">Key of the current content; null when it is empty.</param>
/// <param name="Checksum">Strong validator of the current content; empty for what has none.</param>
/// <param name="RowVersion">Raised by every change of the entry.</param>
internal sealed record FileRow(Entry Entry, string? ObjectKey, string Checksum, long RowVersion)
{
    /// <summary>Columns that <see cref="Read"/> expects, of <c>entries e</c> and <c>file_versions v</c>.</summary>
    public const string Columns =
        "e.id, e.kind, e.name, e.parent_id, e.owner_id, v.size_bytes, v.content_type, v.sha256, v.number, e.visibility, " +
        "e.created_at, e.modified_at, e.deleted_at, v.object_key, v.checksum, e.version, e.target_id";

    /// <summary>Number of <see cref="Columns"/>.</summary>
    public const int ColumnCount = 17;

    /// <summary>
    /// <see cref="Columns"/> and whether its owner is giving something away just now, for what a grain would remember. An offer that is being
    /// taken is so for less than these two minutes (<c>take_transfer</c> in <c>sql/</c>).
    /// </summary>
    public const string RememberedColumns = Columns +
        ", EXISTS (SELECT 1 FROM transfers t WHERE t.from_id = e.owner_id AND t.taking_at > now() - interval '2 minutes')";

    /// <summary>The owner may be another one before anybody could be told: what was read is not to be remembered.</summary>
    public bool IsBeingGiven { get; private init; }

    /// <summary>Entries with their current versions.</summary>
    public const string From = "entries e LEFT JOIN file_versions v ON v.file_id = e.id AND v.number = e.current_version";

    public static FileRow Read(NpgsqlDataReader reader) => new(
        ReadEntry(reader),
        reader.TextOrNull(13),
        reader.TextOrNull(14) ?? "",
        reader.GetInt64(15));

    /// <summary>A row of <see cref="RememberedColumns"/>.</summary>
    public static FileRow ReadRemembered(NpgsqlDataReader reader) => Read(reader) with { IsBeingGiven = reader.GetBoolean(ColumnCount) };

    public static Entry ReadEntry(NpgsqlDataReader reader) => new(
        reader.GetString(0),
        (EntryKind)reader.GetInt16(1),
        reader.GetString(2),
        reader.TextOrNull(3),
        reader.GetString(4),
        reader.LongOrNull(5) ?? 0,
        reader.TextOrNull(6) ?? "",
        reader.BytesOrNull(7) is { } sha256 ? Convert.ToHexStringLower(sha256) : null,
        reader.IntegerOrNull(8) ?? 0,
        (Visibility)reader.GetInt16(9),
        reader.Time(10),
        reader.Time(11),
        reader.TimeOrNull(12),
        reader.TextOrNull(16));
}

using GrainVault.Data;
using GrainVault.Files;
using Npgsql;

namespace GrainVault.Uploads;

/// <summary>A session as the database has it.</summary>
internal sealed record UploadRow
{
    /// <summary>Columns that <see cref="Read"/> expects.</summary>
    public const string Columns =
        "id, owner_id, state, epoch, mode, file_id, is_new_file, expected_version, name, parent_id, on_conflict, content_type, " +
        "size_bytes, part_size_bytes, part_count, multipart, declared_sha256, verified_sha256, object_key, store_upload_id, " +
        "object_made, failure, expires_at, urls_until, staging_key, store, dialect, part_count_max, uploader_id";

    /// <summary>How many those are: what a statement selects beside them begins here.</summary>
    public const int ColumnCount = 29;

    public required string Id { get; init; }
    public required string OwnerId { get; init; }

    /// <summary>Who uploads, where that is not the owner; null for the owner.</summary>
    public string? UploaderId { get; init; }

    /// <summary>Who uploads.</summary>
    public string ActorId => UploaderId ?? OwnerId;

    public required UploadState State { get; init; }
    public required long Epoch { get; init; }
    public required UploadMode Mode { get; init; }
    public required string FileId { get; init; }
    public required bool IsNewFile { get; init; }
    public required int? ExpectedVersion { get; init; }
    public required string Name { get; init; }
    public required string? ParentId { get; init; }
    public required OnConflict OnConflict { get; init; }
    public required string ContentType { get; init; }
    public required long? SizeBytes { get; init; }
    public required long PartSizeBytes { get; init; }
    public required int? PartCount { get; init; }
    public required bool IsMultipart { get; init; }
    public required byte[]? DeclaredSha256 { get; init; }
    public byte[]? VerifiedSha256 { get; init; }
    public required string? ObjectKey { get; init; }
    public string? StoreUploadId { get; init; }

    /// <summary>The multipart object exists in the store.</summary>
    public bool IsObjectMade { get; init; }

    /// <summary>The refusal that ended the session.</summary>
    public RefusalReason? Failure { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Until when a URL of the session may live; null when none was handed out.</summary>
    public DateTimeOffset? UrlsUntil { get; init; }

    /// <summary>Key to which a file of one part is sent straight; null until a URL was handed out.</summary>
    public string? StagingKey { get; init; }

    /// <summary>Name of the store on which the session was begun.</summary>
    public required string Store { get; init; }

    /// <summary>Dialect of that store at the time; null when nobody noted it.</summary>
    public string? Dialect { get; init; }

    /// <summary>Most parts that the store took at the time; null when nobody noted it.</summary>
    public int? PartCountMax { get; init; }

    /// <summary>True in the states that end: nothing changes any more.</summary>
    public bool HasEnded => State is UploadState.Completed or UploadState.Aborted or UploadState.Expired;

    public static UploadRow Read(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetString(0),
        OwnerId = reader.GetString(1),
        State = (UploadState)reader.GetInt16(2),
        Epoch = reader.GetInt64(3),
        Mode = (UploadMode)reader.GetInt16(4),
        FileId = reader.GetString(5),
        IsNewFile = reader.GetBoolean(6),
        ExpectedVersion = reader.IntegerOrNull(7),
        Name = reader.GetString(8),
        ParentId = reader.TextOrNull(9),
        OnConflict = (OnConflict)reader.GetInt16(10),
        ContentType = reader.GetString(11),
        SizeBytes = reader.LongOrNull(12),
        PartSizeBytes = reader.GetInt64(13),
        PartCount = reader.IntegerOrNull(14),
        IsMultipart = reader.GetBoolean(15),
        DeclaredSha256 = reader.BytesOrNull(16),
        VerifiedSha256 = reader.BytesOrNull(17),
        ObjectKey = reader.TextOrNull(18),
        StoreUploadId = reader.TextOrNull(19),
        IsObjectMade = reader.GetBoolean(20),
        Failure = reader.IsDBNull(21) ? null : (RefusalReason)reader.GetInt16(21),
        ExpiresAt = reader.Time(22),
        UrlsUntil = reader.TimeOrNull(23),
        StagingKey = reader.TextOrNull(24),
        Store = reader.GetString(25),
        Dialect = reader.TextOrNull(26),
        PartCountMax = reader.IntegerOrNull(27),
        UploaderId = reader.TextOrNull(28),
    };

    /// <summary>The session for who may see it, with a page of parts.</summary>
    public UploadInfo ToInfo(long receivedBytes, List<PartInfo> parts, int? nextPart, Entry? file) =>
        new(Id, State, Mode, Name, SizeBytes, PartSizeBytes, PartCount, receivedBytes, parts, nextPart, ExpiresAt, file, OwnerId, UploaderId);
}

/// <summary>An acknowledged part as the ledger has it.</summary>
/// <param name="Number">From 1.</param>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="ETag">The store's ETag without quotes.</param>
/// <param name="Sha256">SHA-256 of the part, 32 bytes; null when it went straight to the store.</param>
/// <param name="ObjectKey">Key of the whole-object attempt; null in a multipart upload.</param>
internal sealed record PartRow(int Number, long SizeBytes, string ETag, byte[]? Sha256, string? ObjectKey)
{
    /// <summary>Columns that <see cref="Read"/> expects.</summary>
    public const string Columns = "number, size_bytes, etag, sha256, object_key";

    public static PartRow Read(NpgsqlDataReader reader) =>
        new(reader.GetInt32(0), reader.GetInt64(1), reader.GetString(2), reader.BytesOrNull(3), reader.TextOrNull(4));

    /// <summary>The part as clients see it.</summary>
    public PartInfo ToInfo() => new(Number, SizeBytes, ETag);
}

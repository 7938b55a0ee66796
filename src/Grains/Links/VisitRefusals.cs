namespace GrainVault.Links;

/// <summary>What visitors hear of the limits of a link that takes files.</summary>
internal static class VisitRefusals
{
    /// <summary>When to come back for what others may have given back by then, in seconds.</summary>
    private const int RetryAfterSeconds = 60;

    /// <summary>As many sessions of the link are unfinished as may be, or as it takes files.</summary>
    public static Refusal TooMany { get; } =
        new(RefusalReason.Throttled, "Too many uploads by this link are unfinished; try again later.", RetryAfterSeconds);

    /// <summary>Sessions of the link hold as many bytes as they may.</summary>
    public static Refusal TooMuch { get; } =
        new(RefusalReason.Throttled, "Unfinished uploads by this link hold as many bytes as they may; try again later.", RetryAfterSeconds);

    /// <summary>As many files have come as may.</summary>
    public static Refusal NoMoreFiles { get; } = new(RefusalReason.QuotaExceeded, "This link takes no more files.");

    /// <summary>With this file, more bytes would have come than may.</summary>
    public static Refusal NoMoreBytes { get; } = new(RefusalReason.QuotaExceeded, "This link does not take that many bytes any more.");

    /// <summary>The file alone is too large.</summary>
    public static Refusal TooLarge(long sizeBytesMax) => new(RefusalReason.TooLarge, $"Files by this link have at most {sizeBytesMax} bytes.");

    /// <summary>The refusal of a limit by its name in the database; null when it is none of links.</summary>
    public static Refusal? Find(string? constraint) => constraint switch
    {
        "visits_count_max" => TooMany,
        "visits_bytes_max" => TooMuch,
        "links_files_within_limit" => NoMoreFiles,
        "links_bytes_within_limit" => NoMoreBytes,
        _ => null,
    };
}

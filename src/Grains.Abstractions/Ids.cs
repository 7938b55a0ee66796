namespace GrainVault;

/// <summary>
/// Ids are <c>&lt;prefix&gt;-&lt;UUIDv7&gt;</c> (RFC 9562, section 5.7). No prefix is a hexadecimal number, since the official
/// ADO.NET provider folds grain keys together that parse as one.
/// </summary>
public static class Ids
{
    /// <summary>Prefix of users.</summary>
    public const string User = "u";

    /// <summary>Prefix of entries: files, folders and shortcuts.</summary>
    public const string File = "f";

    /// <summary>Prefix of upload sessions.</summary>
    public const string Upload = "up";

    /// <summary>Prefix of webhooks.</summary>
    public const string Webhook = "wh";

    /// <summary>Prefix of logins: one signed-in client and its family of refresh tokens.</summary>
    public const string Login = "l";

    /// <summary>Prefix of share links.</summary>
    public const string Link = "ln";

    /// <summary>A new id; ids made later sort later.</summary>
    public static string New(string prefix) => $"{prefix}-{Guid.CreateVersion7():d}";

    /// <summary>True for a well-formed id of that prefix in the one spelling that <see cref="New"/> makes.</summary>
    public static bool IsValid(string prefix, string? id) =>
        id is not null
        && id.Length == prefix.Length + 37
        && id.StartsWith(prefix, StringComparison.Ordinal)
        && id[prefix.Length] == '-'
        && Guid.TryParseExact(id.AsSpan(prefix.Length + 1), "d", out _)
        && !id.AsSpan().ContainsAnyInRange('A', 'Z');
}

using Orleans;

namespace GrainVault.Files;

/// <summary>What somebody may do with what is shared with him.</summary>
[GenerateSerializer, Alias("gv.ShareRole")]
public enum ShareRole
{
    /// <summary>Reads metadata, content and versions.</summary>
    Viewer = 2,

    /// <summary>Also renames and restores versions.</summary>
    Editor = 3,
}

/// <summary>A share of an entry with a user.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Email">The user's address; empty when the share was made by the user's id alone, or the account is gone.</param>
/// <param name="DisplayName">The user's name; null for none.</param>
/// <param name="Role">What the user may do.</param>
/// <param name="CreatedAt">UTC.</param>
[GenerateSerializer, Immutable, Alias("gv.Share")]
public sealed record Share(
    [property: Id(0)] string UserId,
    [property: Id(1)] string Email,
    [property: Id(2)] string? DisplayName,
    [property: Id(3)] ShareRole Role,
    [property: Id(4)] DateTimeOffset CreatedAt);

/// <summary>Outcome that carries shares.</summary>
[GenerateSerializer, Immutable, Alias("gv.SharesResult")]
public sealed record SharesResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] List<Share> Shares);

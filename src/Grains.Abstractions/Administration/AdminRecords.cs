using GrainVault.Uploads;
using Orleans;

namespace GrainVault.Administration;

/// <summary>A user as administrators see one.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Email">The user's address.</param>
/// <param name="DisplayName">Name shown to others; null for none.</param>
/// <param name="Roles">Roles separated by spaces.</param>
/// <param name="QuotaBytes">Bytes that the user may keep.</param>
/// <param name="UsedBytes">Bytes in files, versions and trash.</param>
/// <param name="ReservedBytes">Bytes that unfinished sessions may still bring.</param>
/// <param name="OpenUploadCount">Unfinished upload sessions.</param>
/// <param name="CreatedAt">Since when there is the account.</param>
/// <param name="SignedInAt">When the password was last used to sign in; null when that is not known.</param>
[GenerateSerializer, Immutable, Alias("gv.UserSummary")]
public sealed record UserSummary(
    [property: Id(0)] string UserId,
    [property: Id(1)] string Email,
    [property: Id(2)] string? DisplayName,
    [property: Id(3)] string Roles,
    [property: Id(4)] long QuotaBytes,
    [property: Id(5)] long UsedBytes,
    [property: Id(6)] long ReservedBytes,
    [property: Id(7)] long OpenUploadCount,
    [property: Id(8)] DateTimeOffset CreatedAt,
    [property: Id(9)] DateTimeOffset? SignedInAt);

/// <summary>Outcome of a command on a user.</summary>
[GenerateSerializer, Immutable, Alias("gv.UserResult")]
public sealed record UserResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] UserSummary? User);

/// <summary>A page of users.</summary>
[GenerateSerializer, Immutable, Alias("gv.UserPageResult")]
public sealed record UserPageResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] List<UserSummary> Users, [property: Id(2)] string? NextCursor);

/// <summary>An unfinished upload session as administrators see one: without the name of the file to be.</summary>
/// <param name="Id">The session.</param>
/// <param name="OwnerId">Whose quota it counts on.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Mode">How bytes travel.</param>
/// <param name="SizeBytes">Size of the whole; null while unknown.</param>
/// <param name="ReceivedBytes">Sum of the acknowledged parts.</param>
/// <param name="ReservedBytes">Quota that it holds.</param>
/// <param name="CreatedAt">When it was opened.</param>
/// <param name="ExpiresAt">When it ends by itself.</param>
[GenerateSerializer, Immutable, Alias("gv.SessionSummary")]
public sealed record SessionSummary(
    [property: Id(0)] string Id,
    [property: Id(1)] string OwnerId,
    [property: Id(2)] UploadState State,
    [property: Id(3)] UploadMode Mode,
    [property: Id(4)] long? SizeBytes,
    [property: Id(5)] long ReceivedBytes,
    [property: Id(6)] long ReservedBytes,
    [property: Id(7)] DateTimeOffset CreatedAt,
    [property: Id(8)] DateTimeOffset ExpiresAt);

/// <summary>A page of sessions.</summary>
[GenerateSerializer, Immutable, Alias("gv.SessionPageResult")]
public sealed record SessionPageResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] List<SessionSummary> Sessions, [property: Id(2)] string? NextCursor);

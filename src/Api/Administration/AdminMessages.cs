using GrainVault.Administration;
using GrainVault.Api.Http;
using GrainVault.Uploads;

namespace GrainVault.Api.Administration;

/// <summary>Body that changes a user.</summary>
/// <param name="QuotaBytes">0 to 10^18 bytes; also less than is used, which then refuses what needs more room and removes nothing.</param>
internal sealed record ChangeUserRequest(long QuotaBytes);

/// <summary>A user as administrators see one.</summary>
/// <param name="Id">The user.</param>
/// <param name="Email">The user's address.</param>
/// <param name="DisplayName">The user's name; absent without one.</param>
/// <param name="Roles">Roles separated by spaces; absent without any.</param>
/// <param name="QuotaBytes">Bytes that the user may keep.</param>
/// <param name="UsedBytes">Bytes in files, versions and trash.</param>
/// <param name="ReservedBytes">Bytes that unfinished sessions may still bring.</param>
/// <param name="OpenSessions">Unfinished upload sessions.</param>
/// <param name="CreatedAt">Since when there is the account.</param>
/// <param name="LastSignInAt">When the password was last used to sign in; absent when that is not known.</param>
internal sealed record UserAnswer(
    string Id,
    string Email,
    string? DisplayName,
    string? Roles,
    long QuotaBytes,
    long UsedBytes,
    long ReservedBytes,
    long OpenSessions,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastSignInAt)
{
    /// <summary>The wire form of a user.</summary>
    public static UserAnswer From(UserSummary user) => new(
        user.UserId, user.Email, user.DisplayName, Absent.IfEmpty(user.Roles), user.QuotaBytes, user.UsedBytes, user.ReservedBytes, user.OpenUploadCount, user.CreatedAt,
        user.SignedInAt);
}

/// <summary>A page of users, by address.</summary>
/// <param name="Users">The users.</param>
/// <param name="NextCursor">Cursor of the next page; absent on the last.</param>
internal sealed record UserPageAnswer(IReadOnlyList<UserAnswer> Users, string? NextCursor);

/// <summary>An unfinished upload session as administrators see one.</summary>
/// <param name="Id">The session.</param>
/// <param name="OwnerId">Whose quota it counts on.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Mode">How bytes travel.</param>
/// <param name="Size">Size of the whole in bytes; absent while unknown.</param>
/// <param name="ReceivedBytes">Sum of the acknowledged parts.</param>
/// <param name="ReservedBytes">Quota that it holds.</param>
/// <param name="CreatedAt">When it was opened.</param>
/// <param name="ExpiresAt">When it ends by itself.</param>
internal sealed record SessionAnswer(
    string Id,
    string OwnerId,
    UploadState State,
    UploadMode Mode,
    long? Size,
    long ReceivedBytes,
    long ReservedBytes,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt)
{
    /// <summary>The wire form of a session.</summary>
    public static SessionAnswer From(SessionSummary session) => new(
        session.Id, session.OwnerId, session.State, session.Mode, session.SizeBytes, session.ReceivedBytes, session.ReservedBytes, session.CreatedAt, session.ExpiresAt);
}

/// <summary>A page of unfinished sessions.</summary>
/// <param name="Sessions">The sessions.</param>
/// <param name="NextCursor">Cursor of the next page; absent on the last.</param>
internal sealed record SessionPageAnswer(IReadOnlyList<SessionAnswer> Sessions, string? NextCursor);

using GrainVault.Api.Http;
using GrainVault.Files;

namespace GrainVault.Api.Files;

/// <summary>Body that shares an entry.</summary>
/// <param name="Role">What the user may do.</param>
internal sealed record ShareRequest(ShareRole Role);

/// <summary>A share with a user.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Email">The user's address; absent when the share was made by id alone.</param>
/// <param name="DisplayName">The user's name; absent without one.</param>
/// <param name="Role">What the user may do.</param>
/// <param name="CreatedAt">Since when.</param>
internal sealed record ShareAnswer(string UserId, string? Email, string? DisplayName, ShareRole Role, DateTimeOffset CreatedAt)
{
    /// <summary>The wire form of a share.</summary>
    public static ShareAnswer From(Share share) => new(share.UserId, Absent.IfEmpty(share.Email), share.DisplayName, share.Role, share.CreatedAt);
}

/// <summary>The shares of an entry.</summary>
/// <param name="Shares">At most 1,000, oldest first.</param>
internal sealed record SharesAnswer(IReadOnlyList<ShareAnswer> Shares);

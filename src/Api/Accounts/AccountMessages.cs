using GrainVault.Accounts;
using GrainVault.Api.Http;

namespace GrainVault.Api.Accounts;

/// <summary>Body of a signup.</summary>
/// <param name="Email">Address: 3 to 254 characters with one @; unique without regard to case.</param>
/// <param name="Password">10 to 256 characters; very common ones are refused.</param>
/// <param name="DisplayName">Name shown to others.</param>
internal sealed record SignUpRequest(string Email, string Password, string? DisplayName = null);

/// <summary>Body of a login.</summary>
internal sealed record LogInRequest(string Email, string Password);

/// <summary>Body of a refresh.</summary>
/// <param name="RefreshToken">The newest refresh token of the login; it is used up.</param>
internal sealed record RefreshRequest(string RefreshToken);

/// <summary>Body of a logout; may be left out.</summary>
/// <param name="RefreshToken">Accepted for clients that send it; the login of the access token is what ends.</param>
internal sealed record LogOutRequest(string? RefreshToken = null);

/// <summary>Body of a change of password.</summary>
internal sealed record PasswordRequest(string CurrentPassword, string NewPassword);

/// <summary>A signed-in client.</summary>
/// <param name="UserId">The user.</param>
/// <param name="AccessToken">JWT for the Authorization header.</param>
/// <param name="RefreshToken">Good for one refresh. A secret.</param>
/// <param name="ExpiresIn">Life of the access token in seconds.</param>
internal sealed record TokenAnswer(string UserId, string AccessToken, string RefreshToken, int ExpiresIn);

/// <summary>The caller's account.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Email">The user's address.</param>
/// <param name="DisplayName">The user's name; absent without one.</param>
/// <param name="Roles">Roles separated by spaces; absent without any.</param>
/// <param name="UsedBytes">Bytes in files, versions and trash.</param>
/// <param name="ReservedBytes">Bytes that unfinished sessions may still bring.</param>
/// <param name="QuotaBytes">Bytes that the user may keep.</param>
/// <param name="CreatedAt">Since when there is the account.</param>
internal sealed record ProfileAnswer(
    string UserId, string Email, string? DisplayName, string? Roles, long UsedBytes, long ReservedBytes, long QuotaBytes, DateTimeOffset CreatedAt)
{
    public static ProfileAnswer From(Profile profile) => new(
        profile.UserId,
        profile.Email,
        profile.DisplayName,
        Absent.IfEmpty(profile.Roles),
        profile.UsedBytes,
        profile.ReservedBytes,
        profile.QuotaBytes,
        profile.CreatedAt.ToUniversalTime());
}

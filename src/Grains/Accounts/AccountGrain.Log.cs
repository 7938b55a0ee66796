using Microsoft.Extensions.Logging;

namespace GrainVault.Accounts;

/// <summary>Log messages of accounts: 4200 to 4299.</summary>
internal static partial class AccountLog
{
    [LoggerMessage(4200, LogLevel.Information, "User {UserId} signed up")]
    public static partial void SignedUp(ILogger logger, string userId);

    [LoggerMessage(4201, LogLevel.Warning, "An old refresh token of login {LoginId} was used: the login has ended")]
    public static partial void TokenReused(ILogger logger, string loginId);

    [LoggerMessage(4202, LogLevel.Information, "User {UserId} changed the password; all logins have ended")]
    public static partial void PasswordChanged(ILogger logger, string userId);
}

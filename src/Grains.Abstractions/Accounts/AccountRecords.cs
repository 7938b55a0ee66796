using Orleans;

namespace GrainVault.Accounts;

/// <summary>A new account.</summary>
/// <param name="UserId">Id for the new user, made by the caller, so that a repeat of the command is recognised.</param>
/// <param name="Email">Address as typed; kept in that spelling.</param>
/// <param name="Password">10 to 256 characters; never logged.</param>
/// <param name="DisplayName">Name shown to others; null for none.</param>
[GenerateSerializer, Immutable, Alias("gv.SignUpCommand")]
public sealed record SignUpCommand(
    [property: Id(0)] string UserId,
    [property: Id(1)] string Email,
    [property: Id(2)] string Password,
    [property: Id(3)] string? DisplayName)
{
    /// <summary>Without the password.</summary>
    public override string ToString() => $"SignUpCommand {UserId}";
}

/// <summary>A login.</summary>
[GenerateSerializer, Immutable, Alias("gv.LogInCommand")]
public sealed record LogInCommand([property: Id(0)] string Email, [property: Id(1)] string Password)
{
    /// <summary>Without the password.</summary>
    public override string ToString() => "LogInCommand";
}

/// <summary>A signed-in client.</summary>
/// <param name="UserId">The user.</param>
/// <param name="LoginId">The login: the <c>sid</c> claim of access tokens.</param>
/// <param name="RefreshToken">Secret, shown once; begins with the login id and a dot.</param>
/// <param name="Roles">Roles separated by spaces.</param>
[GenerateSerializer, Immutable, Alias("gv.SignIn")]
public sealed record SignIn(
    [property: Id(0)] string UserId,
    [property: Id(1)] string LoginId,
    [property: Id(2)] string RefreshToken,
    [property: Id(3)] string Roles)
{
    /// <summary>Without the token.</summary>
    public override string ToString() => $"SignIn {UserId} {LoginId}";
}

/// <summary>Outcome of signing in.</summary>
[GenerateSerializer, Immutable, Alias("gv.SignInResult")]
public sealed record SignInResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] SignIn? SignIn);

/// <summary>Logins that were ended.</summary>
/// <param name="LoginIds">Ids of logins whose access tokens no longer count.</param>
/// <param name="Until">Where the next page starts; overlaps on purpose, so an id may come twice.</param>
[GenerateSerializer, Immutable, Alias("gv.RevocationPage")]
public sealed record RevocationPage([property: Id(0)] List<string> LoginIds, [property: Id(1)] DateTimeOffset Until);

/// <summary>The caller's account.</summary>
[GenerateSerializer, Immutable, Alias("gv.Profile")]
public sealed record Profile(
    [property: Id(0)] string UserId,
    [property: Id(1)] string Email,
    [property: Id(2)] string? DisplayName,
    [property: Id(3)] string Roles,
    [property: Id(4)] long UsedBytes,
    [property: Id(5)] long ReservedBytes,
    [property: Id(6)] long QuotaBytes,
    [property: Id(7)] DateTimeOffset CreatedAt);

/// <summary>Outcome of asking for a profile.</summary>
[GenerateSerializer, Immutable, Alias("gv.ProfileResult")]
public sealed record ProfileResult([property: Id(0)] Refusal? Refusal, [property: Id(1)] Profile? Profile);

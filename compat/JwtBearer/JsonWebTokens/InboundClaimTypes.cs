using System.Security.Claims;

namespace Microsoft.IdentityModel.JsonWebTokens;

/// <summary>Long names that .NET gives to claims when inbound mapping is on.</summary>
internal static class InboundClaimTypes
{
    /// <summary>The names of JWT and OpenID Connect. The official table also has those of Entra and AD FS, left out here.</summary>
    public static Dictionary<string, string> Create() => new(StringComparer.Ordinal)
    {
        ["actort"] = ClaimTypes.Actor,
        ["birthdate"] = ClaimTypes.DateOfBirth,
        ["email"] = ClaimTypes.Email,
        ["family_name"] = ClaimTypes.Surname,
        ["gender"] = ClaimTypes.Gender,
        ["given_name"] = ClaimTypes.GivenName,
        ["nameid"] = ClaimTypes.NameIdentifier,
        ["role"] = ClaimTypes.Role,
        ["roles"] = ClaimTypes.Role,
        ["sub"] = ClaimTypes.NameIdentifier,
        ["unique_name"] = ClaimTypes.Name,
        ["upn"] = ClaimTypes.Upn,
        ["website"] = ClaimTypes.Webpage,
    };
}

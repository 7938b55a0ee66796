using System.Security.Claims;

namespace Microsoft.IdentityModel.Tokens;

/// <summary>Claims whose names are compared by case, as JSON does: <c>Sub</c> is not <c>sub</c>.</summary>
public class CaseSensitiveClaimsIdentity : ClaimsIdentity
{
    /// <summary>An empty identity.</summary>
    /// <param name="authenticationType">How it was authenticated.</param>
    /// <param name="nameType">Claim that is the name.</param>
    /// <param name="roleType">Claim that is a role.</param>
    public CaseSensitiveClaimsIdentity(string authenticationType, string nameType, string roleType)
        : base(authenticationType, nameType, roleType)
    {
    }

    private CaseSensitiveClaimsIdentity(CaseSensitiveClaimsIdentity other)
        : base(other) => SecurityToken = other.SecurityToken;

    /// <summary>The token that the claims are from.</summary>
    public SecurityToken? SecurityToken { get; internal set; }

    /// <inheritdoc/>
    public override ClaimsIdentity Clone() => new CaseSensitiveClaimsIdentity(this);

    /// <inheritdoc/>
    public override IEnumerable<Claim> FindAll(string type)
    {
        ArgumentNullException.ThrowIfNull(type);
        foreach (var claim in Claims)
        {
            if (string.Equals(claim.Type, type, StringComparison.Ordinal))
                yield return claim;
        }
    }

    /// <inheritdoc/>
    public override Claim? FindFirst(string type)
    {
        ArgumentNullException.ThrowIfNull(type);
        foreach (var claim in Claims)
        {
            if (string.Equals(claim.Type, type, StringComparison.Ordinal))
                return claim;
        }

        return null;
    }

    /// <inheritdoc/>
    public override bool HasClaim(string type, string value)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(value);
        foreach (var claim in Claims)
        {
            if (string.Equals(claim.Type, type, StringComparison.Ordinal)
                && string.Equals(claim.Value, value, StringComparison.Ordinal))
                return true;
        }

        return false;
    }
}

namespace GrainVault.Accounts;

/// <summary>Roles of users, as accounts and access tokens carry them: names separated by spaces.</summary>
public static class Roles
{
    /// <summary>Claim of an access token that holds the roles.</summary>
    public const string Claim = "roles";

    /// <summary>May see the state of the whole system.</summary>
    public const string Administrator = "admin";

    /// <summary>True when the administrator is among the roles.</summary>
    /// <param name="roles">Names separated by spaces; null or empty for none.</param>
    public static bool IsAdministrator(string? roles) =>
        roles is not null && roles.Split(' ', StringSplitOptions.RemoveEmptyEntries).Contains(Administrator, StringComparer.Ordinal);
}

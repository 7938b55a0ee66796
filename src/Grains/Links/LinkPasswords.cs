namespace GrainVault.Links;

/// <summary>Passwords of links travel in a header, which strips spaces at both ends; they are told to others, so they may be short.</summary>
internal static class LinkPasswords
{
    /// <summary>Longest password, in characters.</summary>
    public const int LengthMax = 256;

    /// <summary>Null for a password that a link may have.</summary>
    public static Refusal? Check(string password) =>
        password.Length is 0 or > LengthMax || password.Any(char.IsControl) || password.Trim() != password
            ? Refusals.Invalid("The password of a link has 1 to 256 characters, no control characters, and no spaces at its ends.")
            : null;
}

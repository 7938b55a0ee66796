namespace GrainVault.Accounts;

/// <summary>10 to 256 characters, no composition rules, very common ones refused (NIST SP 800-63B, section 5.1.1.2).</summary>
internal static class PasswordRules
{
    /// <summary>Shortest password, in characters.</summary>
    public const int LengthMin = 10;

    /// <summary>Longest password, in characters.</summary>
    public const int LengthMax = 256;

    /// <summary>Why a password is not accepted for a new hash; null when it is.</summary>
    public static Refusal? Check(string? password, string? email)
    {
        if (password is null || password.Length is < LengthMin or > LengthMax)
            return Weak("A password has 10 to 256 characters.");
        if (CommonPasswords.Contains(password))
            return Weak("This password is one of the most common ones.");
        if (email is not null && AccountKeys.EmailKey(email) == AccountKeys.EmailKey(password))
            return Weak("The password must not be the email address.");
        return null;
    }

    private static Refusal Weak(string detail) => new(RefusalReason.WeakPassword, detail);
}

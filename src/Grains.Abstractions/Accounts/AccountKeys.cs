using System.Security.Cryptography;
using System.Text;

namespace GrainVault.Accounts;

/// <summary>Where an email address finds its account.</summary>
public static class AccountKeys
{
    /// <summary>The form in which addresses are unique: NFC, case-folded. What is not well-formed Unicode, and so no address, stays as it is.</summary>
    public static string EmailKey(string email)
    {
        try
        {
            return CaseFolding.Fold(email);
        }
        catch (ArgumentException)
        {
            return email;
        }
    }

    /// <summary>Key of the <see cref="IAccountGrain"/> for an address: <c>a-</c> and 40 hex digits of its SHA-256.</summary>
    public static string GrainKey(string email) =>
        "a-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(EmailKey(email))).AsSpan(0, 20));
}

using System.Text;
using GrainVault.Files;

namespace GrainVault.Accounts;

/// <summary>Rules for what a new account may be called. Whether an address works is for its owner to know.</summary>
internal static class EmailRules
{
    /// <summary>Longest address (RFC 5321, section 4.5.3.1.3, less the angle brackets), in characters.</summary>
    public const int LengthMax = 254;

    /// <summary>Longest display name, in characters.</summary>
    public const int DisplayNameLengthMax = 100;

    private const int LengthMin = 3;

    /// <summary>Why an address is not valid; null when it is.</summary>
    public static Refusal? Check(string? email)
    {
        if (email is null || email.Length is < LengthMin or > LengthMax || !IsPlainText(email)
            || email.Any(char.IsWhiteSpace) || email.Count(character => character == '@') != 1)
            return Refusals.Invalid("An email address has 3 to 254 characters, exactly one '@', and no spaces or control characters.");
        return null;
    }

    /// <summary>Why a display name is not valid; null when it is or there is none.</summary>
    public static Refusal? CheckDisplayName(string? name)
    {
        if (name is null)
            return null;
        // Others see it beside their own words, which it must not turn round.
        return name.Length is 0 or > DisplayNameLengthMax || !IsPlainText(name) || string.IsNullOrWhiteSpace(name)
            || name.Any(character => EntryNames.IsBidiControl(character))
            ? Refusals.Invalid("A display name has 1 to 100 characters, no control and no bidi-control characters.")
            : null;
    }

    /// <summary>True for well-formed Unicode without control characters.</summary>
    private static bool IsPlainText(string text)
    {
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var used) != System.Buffers.OperationStatus.Done || Rune.IsControl(rune))
                return false;
            rest = rest[used..];
        }

        return true;
    }
}

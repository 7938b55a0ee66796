using System.Text;

namespace GrainVault;

/// <summary>The form in which texts that people take for the same are equal.</summary>
public static class CaseFolding
{
    // A valid character to Unicode, but String.Normalize takes it for the sign of a wrong byte order and throws.
    private const char Refused = '\uFFFE';

    /// <summary>NFC, case-folded. Throws <see cref="ArgumentException"/> when the text has a lone surrogate.</summary>
    public static string Fold(string text) =>
        // It composes with nothing, so what stands between two of them can be folded by itself.
        text.Contains(Refused, StringComparison.Ordinal) ? string.Join(Refused, text.Split(Refused).Select(FoldPiece)) : FoldPiece(text);

    private static string FoldPiece(string text) =>
        text.Normalize(NormalizationForm.FormC).ToUpperInvariant().ToLowerInvariant().Normalize(NormalizationForm.FormC);
}

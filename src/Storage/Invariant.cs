using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace GrainVault;

/// <summary>Checks that hold in Release too: a broken invariant here means that bytes of users are at stake.</summary>
public static class Invariant
{
    /// <summary>Throws when <paramref name="condition"/> is false.</summary>
    public static void That(
        [DoesNotReturnIf(false)] bool condition,
        string message,
        [CallerArgumentExpression(nameof(condition))] string expression = "")
    {
        if (!condition)
            throw new InvalidOperationException($"Invariant broken: {message} ({expression}).");
    }
}

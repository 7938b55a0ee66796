namespace GrainVault.Api.Http;

/// <summary>What answers leave out: a member that says nothing is absent, and never an empty text.</summary>
internal static class Absent
{
    /// <summary>The text; null, which no answer shows, for an empty one.</summary>
    public static string? IfEmpty(string text) => text.Length == 0 ? null : text;
}

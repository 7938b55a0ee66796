namespace GrainVault.Api.Http;

/// <summary>Times in queries.</summary>
internal static class QueryTime
{
    /// <summary>A time as RFC 3339 writes it; null when it is left out.</summary>
    /// <exception cref="ProblemException">It is none.</exception>
    public static DateTimeOffset? Parse(string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return null;
        return Rfc3339.TryParse(value, out var time)
            ? time
            : throw new ProblemException(Problem.Invalid($"{name} must be a time such as 2026-11-21T10:00:00Z."));
    }
}

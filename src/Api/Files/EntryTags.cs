using GrainVault.Api.Http;
using GrainVault.Files;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace GrainVault.Api.Files;

/// <summary>Entity tags of metadata (RFC 9110, section 8.8.3): the number that every change of an entry raises. The content has tags of its own, and a change may demand either.</summary>
internal static class EntryTags
{
    /// <summary>An entry as an answer, with its tag.</summary>
    public static Results<Ok<FileAnswer>, Problem> Answer(HttpResponse response, EntryResult result)
    {
        if (result.Refusal is { } refusal)
            return Problem.From(refusal);
        response.Headers.ETag = Of(result.RowVersion);
        return TypedResults.Ok(FileAnswer.From(result.Entry!));
    }

    /// <summary>The tag of an entry.</summary>
    public static string Of(long rowVersion) => $"\"{EntryTag.OfMetadata(rowVersion)}\"";

    /// <summary>
    /// What <c>If-Match</c> demands: null for anything. Tags are compared strongly (RFC 9110, section 13.1.1), so what is weak matches
    /// nothing.
    /// </summary>
    /// <exception cref="ProblemException">The header is malformed.</exception>
    public static string[]? Expected(HttpRequest request)
    {
        var header = request.Headers.IfMatch;
        if (header.Count == 0)
            return null;
        if (!EntityTagHeaderValue.TryParseStrictList(header, out var tags) || tags.Count > EntryTag.CountMax)
            throw new ProblemException(Problem.Invalid($"If-Match is a list of at most {EntryTag.CountMax} entity tags."));
        if (tags.Contains(EntityTagHeaderValue.Any))
            return null;
        return [.. tags.Where(tag => !tag.IsWeak && tag.Tag.Length <= EntryTag.LengthMax).Select(tag => tag.Tag.Substring(1, tag.Tag.Length - 2))];
    }
}

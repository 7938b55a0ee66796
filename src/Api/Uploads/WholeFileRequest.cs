using System.Globalization;
using GrainVault.Api.Http;
using GrainVault.Files;

namespace GrainVault.Api.Uploads;

/// <summary>What an upload in one request asks for.</summary>
/// <param name="Name">Name of the file.</param>
/// <param name="ParentId">Folder; null for the root.</param>
/// <param name="OnConflict">What happens when the name is taken.</param>
/// <param name="ContentType">Media type; null when unknown.</param>
/// <param name="SizeBytes">Declared size; null when the body is chunked.</param>
/// <param name="Checksums">What the headers claim for the whole.</param>
internal sealed record WholeFileRequest(
    string Name, string? ParentId, OnConflict OnConflict, string? ContentType, long? SizeBytes, ContentChecksums Checksums)
{
    // What curl --data-binary sends when it is told nothing; as the type of a file it is never meant.
    private const string FormType = "application/x-www-form-urlencoded";

    /// <summary>Reads it from the query and the headers.</summary>
    /// <exception cref="ProblemException">A value is wrong.</exception>
    public static WholeFileRequest From(HttpRequest request, string? name, string? parentId, string? onConflict)
    {
        if (string.IsNullOrEmpty(name))
            throw new ProblemException(Problem.Invalid("The query needs the name of the file: ?name=."));
        Checks.RefuseContentEncoding(request);
        if (!DigestHeaders.TryRead(request.Headers, out var checksums, out var error))
            throw new ProblemException(Problem.Invalid(error!));
        var conflict = onConflict switch
        {
            null or "fail" => OnConflict.Fail,
            "rename" => OnConflict.Rename,
            _ => throw new ProblemException(Problem.Invalid("onConflict must be fail or rename.")),
        };
        var contentType = string.IsNullOrEmpty(request.ContentType) || request.ContentType == FormType ? null : Checks.ContentType(request.ContentType);
        return new WholeFileRequest(name, parentId, conflict, contentType, request.ContentLength, checksums);
    }

    /// <summary>The request as text, for idempotency keys.</summary>
    public string Fingerprint() => string.Join(
        '\n',
        Name,
        ParentId,
        OnConflict,
        ContentType,
        SizeBytes?.ToString(CultureInfo.InvariantCulture),
        Checksums.Sha256 is { } sha256 ? Convert.ToHexStringLower(sha256) : "",
        Checksums.Md5 is { } md5 ? Convert.ToHexStringLower(md5) : "");
}

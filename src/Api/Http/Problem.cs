using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Net.Http.Headers;

namespace GrainVault.Api.Http;

/// <summary>The body of every error (RFC 9457).</summary>
/// <param name="Type">Stable slug of the kind of problem.</param>
/// <param name="Title">The kind of problem for a person.</param>
/// <param name="Status">HTTP status code.</param>
/// <param name="Detail">What is wrong with this request.</param>
/// <param name="TraceId">W3C trace id.</param>
/// <param name="RequestId">The same as <c>X-Request-Id</c> of the response.</param>
/// <param name="Pointer">JSON pointer (RFC 6901) to the member of the request's body that is wrong.</param>
/// <param name="MissingParts">With <c>missing-parts</c>: the first 1,000 missing part numbers.</param>
/// <param name="Parts">With <c>invalid-part</c>: the numbers of the parts that differ.</param>
/// <param name="CurrentVersion">With <c>version-conflict</c>: the version that the file has.</param>
/// <param name="CurrentETag">With <c>version-conflict</c>: the tag that <c>If-Match</c> would have to name.</param>
internal sealed record ProblemBody(
    string Type,
    string Title,
    int Status,
    string Detail,
    string TraceId,
    string RequestId,
    string? Pointer = null,
    IReadOnlyList<int>? MissingParts = null,
    IReadOnlyList<int>? Parts = null,
    int? CurrentVersion = null,
    string? CurrentETag = null);

/// <summary>An error answer.</summary>
internal sealed class Problem(ProblemType type, string detail) : IResult, IStatusCodeHttpResult
{
    /// <summary>Media type of problems.</summary>
    public const string MediaType = "application/problem+json";

    /// <summary>Kind of problem.</summary>
    public ProblemType Type { get; } = type;

    /// <summary>What is wrong with this request.</summary>
    public string Detail { get; } = detail;

    /// <summary>When to come back, in seconds; 0 where that does not help.</summary>
    public int RetryAfterSeconds { get; init; } = type.Status is 503 or 429 ? 1 : 0;

    /// <summary>JSON pointer to the wrong member; null where the body is not the matter.</summary>
    public string? Pointer { get; init; }

    /// <summary>Part numbers that the problem is about.</summary>
    public IReadOnlyList<int>? Parts { get; init; }

    /// <summary>Version that the file has, with a conflict of versions.</summary>
    public int? CurrentVersion { get; init; }

    /// <summary>Tag that the entry has, in quotes, with a conflict of versions.</summary>
    public string? CurrentETag { get; init; }

    /// <summary>Value of <c>WWW-Authenticate</c> of a 401.</summary>
    public string? Challenge { get; init; }

    /// <inheritdoc/>
    public int? StatusCode => Type.Status;

    /// <summary>Translates what a grain refused.</summary>
    public static Problem From(Refusal refusal)
    {
        var type = ProblemTypes.Of(refusal.Reason);
        var retry = refusal.RetryAfterSeconds > 0 ? refusal.RetryAfterSeconds : type.Status is 503 or 429 ? 1 : 0;
        return new Problem(type, refusal.Detail)
        {
            RetryAfterSeconds = retry,
            Parts = refusal.Parts,
            CurrentVersion = refusal.CurrentVersion,
            CurrentETag = refusal.CurrentTag is { Length: > 0 } tag ? $"\"{tag}\"" : null,
        };
    }

    /// <summary>A value that is not valid.</summary>
    public static Problem Invalid(string detail) => new(ProblemTypes.Invalid, detail);

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Type.Status;
        DropContentHeaders(response.Headers);
        if (Type != ProblemTypes.RangeNotSatisfiable)
            response.Headers.Remove(HeaderNames.ContentRange);
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
        if (RetryAfterSeconds > 0)
            response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        if (Type.Status == StatusCodes.Status401Unauthorized && response.Headers.WWWAuthenticate.Count == 0)
            response.Headers.WWWAuthenticate = Challenge ?? "Bearer";
        var body = JsonSerializer.SerializeToUtf8Bytes(ToBody(httpContext), ApiJson.Default.ProblemBody);
        response.ContentLength = body.Length;
        // A client that has ended its side still reads.
        return response.Body.WriteAsync(body, CancellationToken.None).AsTask();
    }

    private ProblemBody ToBody(HttpContext context) => new(
        Type.Slug,
        Type.Title,
        Type.Status,
        Detail,
        Activity.Current?.TraceId.ToHexString() ?? "",
        context.TraceIdentifier,
        Pointer,
        Type == ProblemTypes.MissingParts ? Parts ?? [] : null,
        Type == ProblemTypes.MissingParts ? null : Parts,
        CurrentVersion,
        CurrentETag);

    // What an endpoint prepared for its success says nothing about the error that is sent instead.
    private static void DropContentHeaders(IHeaderDictionary headers)
    {
        headers.Remove(HeaderNames.ETag);
        headers.Remove(HeaderNames.LastModified);
        headers.Remove(HeaderNames.ContentDisposition);
        headers.Remove(HeaderNames.AcceptRanges);
        headers.Remove(HeaderNames.Location);
    }
}

/// <summary>Ends a request from where no result can be returned, such as parameter binding.</summary>
internal sealed class ProblemException(Problem problem) : Exception(problem.Detail)
{
    /// <summary>The answer.</summary>
    public Problem Problem { get; } = problem;
}

using System.Globalization;
using GrainVault.Api.Http;
using GrainVault.Api.Shedding;
using GrainVault.Storage;
using GrainVault.Storage.Disk;
using Microsoft.Net.Http.Headers;

namespace GrainVault.Api.Files;

/// <summary>
/// <c>/objects/v1</c>: what presigned URLs lead to when the store has no server of its own. They answer as S3 does, so that
/// clients need one way for all stores: 200 with an ETag for a PUT, 403 for a URL that is forged, expired or used otherwise.
/// </summary>
internal static class SignedObjectEndpoints
{
    /// <summary>Adds the endpoints, where the store needs them.</summary>
    public static void MapSignedObjects(this IEndpointRouteBuilder app)
    {
        if (app.ServiceProvider.GetRequiredService<IObjectStore>() is not ISignedUrlStore store)
            return;
        var pattern = SignedObjectUrl.PathPrefix + "{**rest}";
        app.MapPut(pattern, (HttpRequest request) => PutAsync(request.HttpContext, store)).Weighs(RequestWeight.Upload).ExcludeFromDescription();
        app.MapGet(pattern, (HttpContext context, ContentReader reader, TimeProvider time) => GetAsync(context, store, reader, time)).Weighs(RequestWeight.Change).ExcludeFromDescription();
    }

    private static async Task<IResult> PutAsync(HttpContext context, ISignedUrlStore store)
    {
        if (Verify(context, store, out var verified) is { } refused)
            return refused;
        Checks.RefuseContentEncoding(context.Request);
        var written = await store.WriteAsync(verified, context.Request.BodyReader, context.RequestAborted);
        switch (written.Status)
        {
            case SignedWriteStatus.Stored:
                context.Response.Headers.ETag = $"\"{written.ETag}\"";
                context.Response.Headers.CacheControl = "no-store";
                return Results.Ok();
            case SignedWriteStatus.WrongSize:
                return new Problem(ProblemTypes.PartSize, "The body does not have the size that was signed; nothing was stored.");
            case SignedWriteStatus.UploadNotFound:
                return new Problem(ProblemTypes.NotFound, "The upload has ended.");
            case SignedWriteStatus.Superseded:
                return new Problem(ProblemTypes.Superseded, "A newer request sends the same; this one has stored nothing.");
            default:
                return new Problem(ProblemTypes.Forbidden, "The URL has expired.");
        }
    }

    private static async Task<IResult> GetAsync(HttpContext context, ISignedUrlStore store, ContentReader reader, TimeProvider time)
    {
        if (Verify(context, store, out var verified) is { } refused)
            return refused;
        await using var opened = await store.OpenReadAsync(verified, context.RequestAborted);
        if (opened is null)
            return new Problem(ProblemTypes.NotFound, "The object is gone.");
        var headers = context.Response.Headers;
        var etag = new EntityTagHeaderValue($"\"{opened.Object.ETag}\"");
        headers.ETag = etag.ToString();
        headers.AcceptRanges = "bytes";
        headers.CacheControl = "no-store";
        headers.ContentDisposition = verified.ContentDisposition ?? "attachment";
        context.Response.ContentType = verified.ContentType is { } type && Checks.IsContentType(type) ? type : "application/octet-stream";
        var size = opened.Object.SizeBytes;
        // What was begun under another URL may have been another version.
        var applies = Preconditions.RangeApplies(context.Request.Headers.IfRange, etag, DateTimeOffset.MinValue, time.GetUtcNow());
        var decision = ByteRanges.Decide(applies && context.Request.Headers.Range is [{ } range] ? range : null, size, out var ranges);
        if (decision == RangeDecision.Unsatisfiable)
        {
            headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{size}");
            return new Problem(ProblemTypes.RangeNotSatisfiable, $"The content has {size} bytes.");
        }

        // As S3: one range or everything.
        if (decision != RangeDecision.Partial || ranges.Count != 1)
        {
            await SendAsync(context, opened.Content, size);
            return Results.Empty;
        }

        context.Response.StatusCode = StatusCodes.Status206PartialContent;
        headers.ContentRange = ranges[0].ToContentRange(size);
        await using var part = await reader.OpenAsync(verified.Key, ranges[0], context.RequestAborted);
        await SendAsync(context, part, ranges[0].Length);
        return Results.Empty;
    }

    private static async Task SendAsync(HttpContext context, Stream content, long length)
    {
        context.Response.ContentLength = length;
        await ContentReader.CopyAsync(content, context.Response.BodyWriter, length, sent: null, context.RequestAborted);
    }

    private static Problem? Verify(HttpContext context, ISignedUrlStore store, out SignedObjectRequest verified)
    {
        var request = context.Request;
        var verdict = store.Verify(request.Method, request.Path.Value ?? "", request.QueryString.Value, request.ContentLength);
        verified = verdict.Request!;
        return verdict.Status switch
        {
            SignedUrlStatus.Valid => null,
            SignedUrlStatus.Expired => new Problem(ProblemTypes.Forbidden, "The URL has expired; ask for another."),
            SignedUrlStatus.WrongSize => new Problem(ProblemTypes.Forbidden, "The URL is for a body of another size."),
            _ => new Problem(ProblemTypes.Forbidden, "The URL is not one of this system."),
        };
    }
}

using System.Globalization;
using GrainVault.Api.Http;
using GrainVault.Files;
using Microsoft.Net.Http.Headers;

namespace GrainVault.Api.Files;

/// <summary>Content as a response to GET or HEAD: conditional requests, ranges, safe headers, and the bytes.</summary>
internal sealed class FileContent(ContentDescriptor content, ContentReader reader, TimeProvider time) : IResult
{
    // User content: nothing in it may run, load, or be taken for something else.
    private const string UnknownType = "application/octet-stream";

    /// <summary>Value of the header. Default: the reader alone keeps it, and asks before each use.</summary>
    public string CacheControl { get; init; } = "private, no-cache";

    /// <summary>Bytes of the content that were sent.</summary>
    public SentBytes Sent { get; } = new();

    /// <summary>The media type that a content is sent as, by a front end and by the store.</summary>
    public static string TypeOf(ContentDescriptor content) => Checks.IsContentType(content.Entry.ContentType) ? content.Entry.ContentType : UnknownType;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var (request, response) = (httpContext.Request, httpContext.Response);
        var (etag, modified) = Validators(content);
        var headers = response.Headers;
        headers.ETag = etag.ToString();
        headers.LastModified = HeaderUtilities.FormatDate(modified);
        headers.CacheControl = CacheControl;
        switch (Preconditions.Evaluate(request.Headers, etag, modified))
        {
            case PreconditionDecision.Failed:
                return new Problem(ProblemTypes.PreconditionFailed, "The content is not the one that the request is about.").ExecuteAsync(httpContext);
            case PreconditionDecision.NotModified:
                response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
        }

        headers.AcceptRanges = "bytes";
        headers.ContentDisposition = ContentDisposition.Attachment(content.Entry.Name);
        response.ContentType = TypeOf(content);

        // RFC 9110, section 14.2: Range means something for GET alone.
        IReadOnlyList<ByteRange> ranges = [];
        var decision = HttpMethods.IsGet(request.Method) && Preconditions.RangeApplies(request.Headers.IfRange, etag, modified, time.GetUtcNow())
            ? ByteRanges.Decide(request.Headers.Range.Count > 0 ? request.Headers.Range.ToString() : null, content.SizeBytes, out ranges)
            : RangeDecision.Whole;
        return decision switch
        {
            RangeDecision.Unsatisfiable => RefuseRangeAsync(httpContext),
            RangeDecision.Partial when ranges.Count == 1 => SendRangeAsync(httpContext, ranges[0]),
            RangeDecision.Partial => new MultipartRanges(content, reader, ranges, Sent).SendAsync(httpContext),
            _ => SendAsync(httpContext, new ByteRange(0, content.SizeBytes)),
        };
    }

    /// <summary>
    /// How many bytes of the content the response has; null for one that is none of it: the method is not GET, its conditions do not hold,
    /// or its ranges are all outside.
    /// </summary>
    public static long? LengthToSend(HttpRequest request, ContentDescriptor content, TimeProvider time)
    {
        var (etag, modified) = Validators(content);
        if (!HttpMethods.IsGet(request.Method) || Preconditions.Evaluate(request.Headers, etag, modified) != PreconditionDecision.Proceed)
            return null;
        var range = request.Headers.Range.Count > 0 && Preconditions.RangeApplies(request.Headers.IfRange, etag, modified, time.GetUtcNow())
            ? request.Headers.Range.ToString()
            : null;
        return ByteRanges.Decide(range, content.SizeBytes, out var ranges) switch
        {
            RangeDecision.Unsatisfiable => null,
            RangeDecision.Partial => ranges.Sum(one => one.Length),
            _ => content.SizeBytes,
        };
    }

    private static (EntityTagHeaderValue ETag, DateTimeOffset Modified) Validators(ContentDescriptor content)
    {
        var modified = content.Entry.ModifiedAt.ToUniversalTime();
        return (new EntityTagHeaderValue($"\"{content.ETag}\""), modified.AddTicks(-(modified.Ticks % TimeSpan.TicksPerSecond)));
    }

    private Task RefuseRangeAsync(HttpContext context)
    {
        context.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{content.SizeBytes}");
        return new Problem(ProblemTypes.RangeNotSatisfiable, $"The content has {content.SizeBytes} bytes.").ExecuteAsync(context);
    }

    private Task SendRangeAsync(HttpContext context, ByteRange range)
    {
        context.Response.StatusCode = StatusCodes.Status206PartialContent;
        context.Response.Headers.ContentRange = range.ToContentRange(content.SizeBytes);
        return SendAsync(context, range);
    }

    private async Task SendAsync(HttpContext context, ByteRange range)
    {
        var response = context.Response;
        response.ContentLength = range.Length;
        if (range.Length == 0 || HttpMethods.IsHead(context.Request.Method))
            return;
        await using var source = await reader.OpenAsync(content.ObjectKey, range, context.RequestAborted);
        await ContentReader.CopyAsync(source, response.BodyWriter, range.Length, Sent, context.RequestAborted);
    }
}

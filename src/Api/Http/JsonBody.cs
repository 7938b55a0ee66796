using System.IO.Pipelines;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace GrainVault.Api.Http;

/// <summary>
/// A JSON body, read strictly: unknown and repeated members, wrong types, deep nesting and oversize are refused with a problem
/// that names the member.
/// </summary>
internal sealed record JsonBody<T>(T Value) : IBindableFromHttpContext<JsonBody<T>>, IEndpointParameterMetadataProvider
    where T : class
{
    public static async ValueTask<JsonBody<T>?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        new JsonBody<T>(await JsonBodyReader.ReadAsync<T>(context) ?? throw new ProblemException(Problem.Invalid("A JSON body is required.")));

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata([JsonBodyReader.MediaType], typeof(T), isOptional: false));
}

/// <summary>A JSON body that may be left out.</summary>
internal sealed record OptionalJsonBody<T>(T? Value) : IBindableFromHttpContext<OptionalJsonBody<T>>, IEndpointParameterMetadataProvider
    where T : class
{
    public static async ValueTask<OptionalJsonBody<T>?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        new OptionalJsonBody<T>(await JsonBodyReader.ReadAsync<T>(context));

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata([JsonBodyReader.MediaType], typeof(T), isOptional: true));
}

/// <summary>Reads JSON bodies.</summary>
internal static class JsonBodyReader
{
    /// <summary>The media type that is taken.</summary>
    public const string MediaType = "application/json";

    /// <summary>The body, or null when there is none or it is <c>null</c>.</summary>
    /// <exception cref="ProblemException">The body is not what it should be.</exception>
    public static async ValueTask<T?> ReadAsync<T>(HttpContext context)
        where T : class
    {
        var request = context.Request;
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
            return null;
        if (!request.HasJsonContentType() || request.ContentType!.Contains("+json", StringComparison.OrdinalIgnoreCase))
            throw new ProblemException(new Problem(ProblemTypes.UnsupportedMediaType, "The Content-Type must be application/json."));

        var limits = context.RequestServices.GetRequiredService<FrontEndLimits>();
        var bytesMax = context.GetEndpoint()?.Metadata.GetMetadata<JsonBodyLimit>()?.BytesMax ?? limits.JsonBodyBytesMax;
        if (request.ContentLength > bytesMax)
            throw TooLarge(bytesMax);
        var type = (JsonTypeInfo<T>)ApiJson.Default.GetTypeInfo(typeof(T))!;
        var body = request.BodyReader;
        // A read that is cancelled this way leaves the body as it is; a token would leave the server's reader in the middle of a read.
        await using var deadline = context.RequestServices.GetRequiredService<TimeProvider>().CreateTimer(
            static body => ((PipeReader)body!).CancelPendingRead(), body, TimeFor(request.ContentLength ?? bytesMax, limits), Timeout.InfiniteTimeSpan);
        return await ReadAsync(context, type, bytesMax);
    }

    // Large bodies, such as lists of ten thousand parts, may come over slow lines too.
    private static TimeSpan TimeFor(long bytes, FrontEndLimits limits) => limits.JsonBodyTimeout * Math.Max(1, (double)bytes / limits.JsonBodyBytesMax);

    private static async ValueTask<T?> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, long bytesMax)
        where T : class
    {
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(context.RequestAborted);
            if (read is { IsCanceled: true, IsCompleted: false })
            {
                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                throw TooSlow(context);
            }

            if (read.Buffer.Length > bytesMax)
            {
                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                throw TooLarge(bytesMax);
            }

            if (!read.IsCompleted)
            {
                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            try
            {
                var reader = new Utf8JsonReader(read.Buffer, new JsonReaderOptions { MaxDepth = ApiJson.DepthMax });
                return Parse(ref reader, type);
            }
            finally
            {
                body.AdvanceTo(read.Buffer.End);
            }
        }
    }

    /// <summary>Parses one value and nothing after it.</summary>
    /// <exception cref="ProblemException">The value is not what it should be.</exception>
    public static T? Parse<T>(ref Utf8JsonReader reader, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            var value = JsonSerializer.Deserialize(ref reader, type);
            if (reader.Read())
                throw new JsonException("There is more than one value.");
            return value;
        }
        catch (JsonException exception)
        {
            throw new ProblemException(JsonProblems.From(exception));
        }
    }

    private static ProblemException TooSlow(HttpContext context)
    {
        // RFC 9110, section 15.5.9: the server should close the connection. HTTP/2 has no such header.
        if (HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
        return new ProblemException(new Problem(ProblemTypes.RequestTimeout, "The body did not arrive in time."));
    }

    private static ProblemException TooLarge(long bytesMax) =>
        new(new Problem(ProblemTypes.TooLarge, $"A JSON body may have at most {bytesMax} bytes."));
}

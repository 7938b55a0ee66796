namespace GrainVault.Api.Http;

/// <summary>What endpoints state about themselves.</summary>
internal static class EndpointExtensions
{
    /// <summary>Problems that the endpoint may answer with, for the OpenAPI document.</summary>
    public static TBuilder Refuses<TBuilder>(this TBuilder endpoint, params int[] statuses)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (var status in statuses)
            endpoint.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ProblemBody), [Problem.MediaType]));
        return endpoint;
    }

    /// <summary>Largest JSON body in bytes, where it is not the usual one.</summary>
    public static TBuilder JsonAtMost<TBuilder>(this TBuilder endpoint, long bytesMax)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new JsonBodyLimit(bytesMax));

    /// <summary>The body is bytes as they are, of any media type.</summary>
    public static TBuilder TakesBytes<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(BytesBody.Instance);

    /// <summary>The response is bytes, whole or in part, or nothing when they are not modified.</summary>
    public static TBuilder SendsBytes<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(BytesAnswer.Instance);

    /// <summary>The response is a zip archive.</summary>
    public static TBuilder SendsZip<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(ZipBytesAnswer.Instance);
}

/// <summary>The response is a zip archive; for the OpenAPI document.</summary>
internal sealed class ZipBytesAnswer
{
    /// <summary>The one instance.</summary>
    public static ZipBytesAnswer Instance { get; } = new();
}

/// <summary>The response is bytes; for the OpenAPI document.</summary>
internal sealed class BytesAnswer
{
    /// <summary>The one instance.</summary>
    public static BytesAnswer Instance { get; } = new();
}

/// <summary>The body is bytes; for the OpenAPI document.</summary>
internal sealed class BytesBody
{
    /// <summary>The one instance.</summary>
    public static BytesBody Instance { get; } = new();
}

/// <summary>Largest JSON body of an endpoint.</summary>
internal sealed record JsonBodyLimit(long BytesMax);

/// <summary>The endpoint accepts an idempotency key; for the OpenAPI document.</summary>
internal sealed class TakesIdempotencyKey
{
    /// <summary>The one instance.</summary>
    public static TakesIdempotencyKey Instance { get; } = new();
}

/// <summary>The endpoint takes the password of a link; for the OpenAPI document.</summary>
internal sealed class TakesLinkPassword
{
    /// <summary>The one instance.</summary>
    public static TakesLinkPassword Instance { get; } = new();
}

/// <summary>The endpoint takes the secret of a visitor's upload session; for the OpenAPI document.</summary>
internal sealed class TakesUploadSecret
{
    /// <summary>The one instance.</summary>
    public static TakesUploadSecret Instance { get; } = new();
}

/// <summary>The endpoint takes the ticket of a download; for the OpenAPI document.</summary>
internal sealed class TakesDownloadTicket
{
    /// <summary>The one instance.</summary>
    public static TakesDownloadTicket Instance { get; } = new();
}

/// <summary>The endpoint takes <c>If-Match</c>; for the OpenAPI document.</summary>
internal sealed class TakesIfMatch
{
    /// <summary>The one instance.</summary>
    public static TakesIfMatch Instance { get; } = new();
}

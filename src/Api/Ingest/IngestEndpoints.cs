using System.Globalization;
using System.Text.Json;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.Shedding;
using GrainVault.Ingest;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Ingest;

/// <summary><c>/v1/ingest</c>: what the store has to say.</summary>
internal static class IngestEndpoints
{
    /// <summary>Largest notification, in bytes: SNS sends up to 256 KiB.</summary>
    private const int BodyBytesMax = 512 << 10;

    private const int ReadBytes = 16 << 10;

    /// <summary>When a store may send again what found no room, in seconds.</summary>
    private const int RetryAfterSeconds = 30;

    /// <summary>Adds the endpoints.</summary>
    public static void MapIngest(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/ingest/s3-events", ReceiveAsync).WithTags("Ingest").WithSummary("Takes event notifications of the object store.")
            .Weighs(RequestWeight.Change).Refuses(400, 401, 404, 408, 413, 503);

    private static async Task<Results<NoContent, Problem>> ReceiveAsync(
        HttpContext context, IngestSecret secret, IngestSettings settings, IGrainFactory grains, GrainCalls calls, SnsSubscriptions subscriptions)
    {
        if (!secret.IsConfigured)
            return new Problem(ProblemTypes.NotFound, "Events are not taken here.");
        if (!secret.IsIn(context.Request))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return new Problem(ProblemTypes.Unauthorized, "Events are taken from who knows the secret.");
        }

        var body = Parse(await ReadAsync(context.Request, settings.BodyTimeout));
        if (Understand(() => SnsMessage.Find(body)) is { } envelope)
        {
            if (!settings.SnsTopics.Contains(envelope.TopicArn, StringComparer.Ordinal))
                return Problem.Invalid("This topic is not configured.");
            if (envelope.Type == SnsMessage.SubscriptionConfirmation)
                return await subscriptions.ConfirmAsync(envelope, context.RequestAborted) is { } problem ? problem : TypedResults.NoContent();
            if (envelope is not { Type: SnsMessage.Notification, Message: { } message })
                return TypedResults.NoContent();
            body = Parse(System.Text.Encoding.UTF8.GetBytes(message));
        }

        if (Understand(() => StoreEvents.FindKeys(body, settings.Bucket)) is not { } keys)
            return Problem.Invalid("This is no event notification of S3, Ceph, MinIO or SeaweedFS.");
        // Durable before the store is told that we know; what follows from it takes its time afterwards.
        var taken = await Task.WhenAll(keys.GroupBy(IngestShards.Of).Select(shard => calls.RepeatableAsync(
            (Grain: grains.GetGrain<IIngestGrain>(string.Create(CultureInfo.InvariantCulture, $"i-{shard.Key}")), Keys: shard.ToArray()),
            static (call, token) => call.Grain.ReceiveAsync(call.Keys, token))));
        return Array.TrueForAll(taken, isTaken => isTaken)
            ? TypedResults.NoContent()
            : new Problem(ProblemTypes.Overloaded, "Too many events wait to be looked at.") { RetryAfterSeconds = RetryAfterSeconds };
    }

    private static JsonElement Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = ApiJson.DepthMax });
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw NotJson;
        }
    }

    /// <summary>Texts are decoded when they are looked at, and only then it shows that one is no UTF-8 or half a surrogate pair.</summary>
    private static T Understand<T>(Func<T> look)
    {
        try
        {
            return look();
        }
        catch (InvalidOperationException)
        {
            throw NotJson;
        }
    }

    private static ProblemException NotJson => new(Problem.Invalid("The body is not JSON."));

    /// <summary>The body, whatever its media type: SNS calls JSON plain text.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, TimeSpan timeout)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(request.HttpContext.RequestAborted);
        limit.CancelAfter(timeout);
        var buffer = new MemoryStream();
        var chunk = new byte[ReadBytes];
        try
        {
            while (await request.Body.ReadAsync(chunk, limit.Token) is > 0 and var read)
            {
                if (buffer.Length + read > BodyBytesMax)
                    throw new ProblemException(new Problem(ProblemTypes.TooLarge, $"A notification may have at most {BodyBytesMax} bytes."));
                await buffer.WriteAsync(chunk.AsMemory(0, read), limit.Token);
            }
        }
        catch (OperationCanceledException) when (!request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            throw new ProblemException(new Problem(ProblemTypes.RequestTimeout, "The body arrived too slowly."));
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }
}

using System.Globalization;

namespace GrainVault.Storage.S3.Setup;

/// <summary>What the operator does where a store has no S3 call for something: one sentence a kind of server.</summary>
internal static class StoreAdvice
{
    /// <summary>For servers that take no CORS rules.</summary>
    public static string Cors(S3Dialect dialect) => dialect.Name switch
    {
        "seaweedfs" => "start 'weed s3' with -allowedOrigins and expose ETag in the proxy before it",
        "generic" => "let the server answer preflights by its own configuration (MinIO: MINIO_API_CORS_ALLOW_ORIGIN), with ETag exposed",
        _ => "let the server, or the proxy before it, answer preflights and expose ETag",
    };

    /// <summary>For servers whose lifecycle aborts no uploads.</summary>
    /// <param name="dialect">Kind of server.</param>
    /// <param name="days">Days after which an upload may be aborted.</param>
    public static string Lifecycle(S3Dialect dialect, int days) => dialect.Name switch
    {
        "seaweedfs" => string.Create(CultureInfo.InvariantCulture, $"run 's3.clean.uploads -timeAgo={days * 24}h' in 'weed shell' once a day"),
        "generic" => string.Create(CultureInfo.InvariantCulture, $"see that the server aborts no upload earlier than after {days} days (MinIO does after 24 h: MINIO_API_STALE_UPLOADS_EXPIRY={days * 24}h)"),
        _ => "the janitor aborts what it knows of; fsck names the rest",
    };

    /// <summary>For servers that take no notifications over S3.</summary>
    public static string Notifications(S3Dialect dialect) => dialect.Name switch
    {
        "seaweedfs" => "in the filer's notification.toml, enable [notification.webhook] with Ingest:Url and ?token= with Ingest:Secret as its endpoint",
        "r2" => "send the bucket's events to a Cloudflare queue, and have a Worker post them to Ingest:Url with Ingest:Secret as bearer token, as S3 writes them",
        "garage" => "Garage has no events: the janitor looks for new objects after Direct:StagedLookDelay",
        _ => "give the server a webhook to Ingest:Url with Ingest:Secret as its token, and its ARN as Ingest:TargetArn (MinIO: notify_webhook, arn:minio:sqs::NAME:webhook)",
    };
}

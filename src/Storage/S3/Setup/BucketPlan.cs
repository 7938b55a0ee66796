namespace GrainVault.Storage.S3.Setup;

/// <summary>What a bucket has to be told, so that uploads straight to it work, are noticed, and leave nothing behind.</summary>
public sealed record BucketPlan
{
    /// <summary>What the lifecycle lets uploads live longer than sessions: a completion or an abort that the janitor still repeats must not find them gone.</summary>
    public static readonly TimeSpan AbortMargin = TimeSpan.FromDays(1);

    /// <summary>Life of an upload session.</summary>
    public required TimeSpan UploadLifetime { get; init; }

    /// <summary>Origins of web pages that send to the bucket and read from it, with at most one <c>*</c> each; none for no CORS rule.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>How long a browser remembers the answer to a preflight.</summary>
    public TimeSpan PreflightMaxAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Where events of new objects go; null where nobody hears them.</summary>
    public BucketEvents? Events { get; init; }

    /// <summary>Days after which the store may abort an unfinished multipart upload: whole days, as lifecycle rules have them.</summary>
    public int AbortDays => (int)Math.Ceiling((UploadLifetime + AbortMargin).TotalDays);
}

/// <summary>Who takes the events of a bucket. No record, since those print what they hold.</summary>
/// <param name="url">URL of <c>/v1/ingest/s3-events</c> as the store reaches it; null when it is not configured.</param>
/// <param name="secret">What the store presents there.</param>
/// <param name="targetArn">Topic or queue that the bucket sends to, where the operator has one; null for none.</param>
/// <param name="snsTopic">SNS topic that is heard: on AWS the bucket sends there where nothing else is said.</param>
public sealed class BucketEvents(Uri? url, string secret, string? targetArn, string? snsTopic = null)
{
    private const string User = "store";

    /// <summary>URL of <c>/v1/ingest/s3-events</c> as the store reaches it; null when it is not configured.</summary>
    public Uri? Url { get; } = url;

    /// <summary>Topic or queue that the bucket sends to, where the operator has one; null for none.</summary>
    public string? TargetArn { get; } = targetArn;

    /// <summary>SNS topic that is heard: on AWS the bucket sends there where nothing else is said.</summary>
    public string? SnsTopic { get; } = snsTopic;

    /// <summary>
    /// The URL with the secret in it; null without a URL. Never for logs. Ceph takes a password for a topic over https only; over http,
    /// where it is no safer, the secret is a parameter of the query.
    /// </summary>
    /// <param name="isSecure">The store is told over https.</param>
    internal string? UrlWithSecret(bool isSecure)
    {
        if (Url is null)
            return null;
        var escaped = Uri.EscapeDataString(secret);
        var address = isSecure ? new UriBuilder(Url) { UserName = User, Password = escaped } : new UriBuilder(Url) { Query = $"token={escaped}" };
        return address.Uri.AbsoluteUri;
    }
}

namespace GrainVault.Storage.S3;

/// <summary>Settings of the S3 store; section <c>GrainVault:Objects:S3</c>.</summary>
public sealed class S3Options
{
    /// <summary>URL of the S3 server as this process reaches it. Default: none, which is AWS in <see cref="Region"/>.</summary>
    public string? Endpoint { get; set; }

    /// <summary>URL of the S3 server as clients reach it; presigned URLs carry it. Default: <see cref="Endpoint"/>.</summary>
    public string? PublicEndpoint { get; set; }

    /// <summary>Region, which every signature names. Default: <c>us-east-1</c>.</summary>
    public string Region { get; set; } = "us-east-1";

    /// <summary>Bucket. No default.</summary>
    public string? Bucket { get; set; }

    /// <summary>Access key. Default: none, which is the AWS chain: environment, role, web identity, profile.</summary>
    public string? AccessKey { get; set; }

    /// <summary>Secret key; set together with <see cref="AccessKey"/>. Default: none.</summary>
    public string? SecretKey { get; set; }

    /// <summary>Bucket in the path instead of the host name. Default: true with <see cref="Endpoint"/>, false on AWS.</summary>
    public bool? ForcePathStyle { get; set; }

    /// <summary>Create the bucket at start when it is missing. Default: true.</summary>
    public bool CreateBucket { get; set; } = true;

    /// <summary>Connections to the server, 1 to 10,000; calls past it wait. Default: 128.</summary>
    public int ConnectionCountMax { get; set; } = 128;

    /// <summary>
    /// Repeats of one call after 5xx, throttling or a broken connection, with exponential delay and jitter, 0 to 10. This
    /// is the only layer that repeats store calls. Default: 2.
    /// </summary>
    public int RetryCountMax { get; set; } = 2;

    /// <summary>Time to open a connection, 0.1 s to 1 min. Default: 3 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Time of one attempt until the server answers, 1 s to 1 h. Default: 100 s.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>Time of a call that moves content or completes an upload, with all its attempts, 1 s to 1 h. Default: 5 min.</summary>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Time of any other call, with all its attempts, 1 s to 1 h. Default: 30 s.</summary>
    public TimeSpan ControlTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time that a body may give no byte while it is read before the read fails, 1 s to 1 h. Default: 30 s.</summary>
    public TimeSpan ReadStallTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

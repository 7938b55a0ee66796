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

    /// <summary>
    /// What kind of server it is: <c>aws</c>, <c>ceph</c>, <c>seaweedfs</c>, <c>garage</c>, <c>r2</c> or <c>generic</c>. Default:
    /// <c>generic</c>, and <c>aws</c> without <see cref="Endpoint"/>.
    /// </summary>
    public string? Profile { get; set; }

    /// <summary>Most parts of an upload, for servers that take fewer than their profile says, 1 to 10,000. Default: the profile's.</summary>
    public int? PartCountMax { get; set; }

    /// <summary>
    /// <c>Hash</c>: signatures cover the SHA-256 of bodies. <c>None</c>: they don't, for servers behind something that changes
    /// bodies; https only. Default: the profile's, which is <c>Hash</c> for all.
    /// </summary>
    public S3PayloadSigning? PayloadSigning { get; set; }

    /// <summary>Access key. Default: none, which is the AWS chain: environment, role, web identity, profile.</summary>
    public string? AccessKey { get; set; }

    /// <summary>Secret key; set together with <see cref="AccessKey"/>. Default: none.</summary>
    public string? SecretKey { get; set; }

    /// <summary>
    /// Access key of URLs that write. Give it the right to put objects below <c>objects/</c> and nothing else: a server that lets headers
    /// pass that were not signed takes such a URL with <c>x-amz-copy-source</c> for the wish to copy, and reads whatever its key may
    /// read. Default: <see cref="AccessKey"/>.
    /// </summary>
    public string? UploadAccessKey { get; set; }

    /// <summary>Its secret key; set together with <see cref="UploadAccessKey"/>. Default: none.</summary>
    public string? UploadSecretKey { get; set; }

    /// <summary>Bucket in the path instead of the host name. Default: true with <see cref="Endpoint"/>, false on AWS.</summary>
    public bool? ForcePathStyle { get; set; }

    /// <summary>Create the bucket at start when it is missing. Default: true.</summary>
    public bool CreateBucket { get; set; } = true;

    /// <summary>
    /// Connections to the server, 1 to 20,000. Default: as many as reads and writes may run at once, so that calls wait in their
    /// own queue and not for a connection.
    /// </summary>
    public int? ConnectionCountMax { get; set; }

    /// <summary>Reads that run at once, until their bodies have ended, 1 to 10,000. Default: 256.</summary>
    public int ReadCountMax { get; set; } = 256;

    /// <summary>Reads that may wait for their turn, 0 to 100,000; past it they fail as unavailable. Default: 1024.</summary>
    public int ReadQueueLengthMax { get; set; } = 1024;

    /// <summary>Longest wait of a read for its turn, 10 ms to 10 min; then it fails as unavailable. Default: 5 s.</summary>
    public TimeSpan ReadQueueWait { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Writes and other changes that run at once, 1 to 10,000. Default: 128.</summary>
    public int WriteCountMax { get; set; } = 128;

    /// <summary>Writes that may wait for their turn, 0 to 100,000; past it they fail as unavailable. Default: 256.</summary>
    public int WriteQueueLengthMax { get; set; } = 256;

    /// <summary>Longest wait of a write for its turn, 10 ms to 10 min; then it fails as unavailable. Default: 10 s.</summary>
    public TimeSpan WriteQueueWait { get; set; } = TimeSpan.FromSeconds(10);

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

    /// <summary>Time of a copy with all its calls, 1 s to 24 h; objects past 5 GiB are copied in pieces. Default: 1 h.</summary>
    public TimeSpan CopyTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Time of any other call, with all its attempts, 1 s to 1 h. Default: 30 s.</summary>
    public TimeSpan ControlTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time that a body may give no byte while it is read before the read fails, 1 s to 1 h. Default: 30 s.</summary>
    public TimeSpan ReadStallTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

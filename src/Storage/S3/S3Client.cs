using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;

namespace GrainVault.Storage.S3;

/// <summary>The SDK's client, set up for part buffers: no second hash, no chunked signatures, bounded connections.</summary>
internal sealed class S3Client : AmazonS3Client
{
    private const int CopyBufferSizeBytes = 128 << 10;

    private S3Client(AmazonS3Config config, S3Dialect dialect)
        : base(config) => PayloadSigning = dialect.PayloadSigning;

    private S3Client(AWSCredentials credentials, AmazonS3Config config, S3Dialect dialect)
        : base(credentials, config) => PayloadSigning = dialect.PayloadSigning;

    /// <summary>How bodies are signed; set after the base class has built its pipeline.</summary>
    public S3PayloadSigning PayloadSigning { get; }

    /// <summary>Creates a client for an endpoint.</summary>
    /// <param name="options">The store's settings.</param>
    /// <param name="endpoint">URL of the server; null for AWS in the configured region.</param>
    /// <param name="dialect">What the server does differently.</param>
    /// <param name="credentials">Keys; null for the AWS chain.</param>
    public static S3Client Create(S3Options options, string? endpoint, S3Dialect dialect, AWSCredentials? credentials)
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = dialect.IsPathStyle,
            AuthenticationRegion = options.Region,
            // Stores other than AWS refuse the SDK's default checksums, and x-amz-content-sha256 covers the body already.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = options.RetryCountMax,
            Timeout = options.AttemptTimeout,
            MaxConnectionsPerServer = ConnectionCountOf(options),
            BufferSize = CopyBufferSizeBytes,
            HttpClientFactory = new ClientFactory(options),
        };
        if (endpoint is null)
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        else
            config.ServiceURL = endpoint;
        return credentials is null ? new S3Client(config, dialect) : new S3Client(credentials, config, dialect);
    }

    /// <summary>Keys from the configuration, or null.</summary>
    public static AWSCredentials? CredentialsOf(S3Options options) =>
        options.AccessKey is { Length: > 0 } accessKey ? new BasicAWSCredentials(accessKey, options.SecretKey) : null;

    /// <summary>Keys of URLs that write, or null where they are the same.</summary>
    public static AWSCredentials? UploadCredentialsOf(S3Options options) =>
        options.UploadAccessKey is { Length: > 0 } accessKey ? new BasicAWSCredentials(accessKey, options.UploadSecretKey) : null;

    private static int ConnectionCountOf(S3Options options) => options.ConnectionCountMax ?? options.ReadCountMax + options.WriteCountMax;

    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandlerBefore<Signer>(new KnownHashHandler(() => PayloadSigning));
    }

    /// <summary>One pool of connections per client, shared by all its calls.</summary>
    private sealed class ClientFactory(S3Options options) : HttpClientFactory
    {
        private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);
        private static readonly TimeSpan ConnectionIdleTimeout = TimeSpan.FromSeconds(60);

        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = ConnectionCountOf(options),
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
            PooledConnectionIdleTimeout = ConnectionIdleTimeout,
            AutomaticDecompression = DecompressionMethods.None,
            AllowAutoRedirect = false,
            UseCookies = false,
        })
        {
            Timeout = options.AttemptTimeout,
        };

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;
    }
}

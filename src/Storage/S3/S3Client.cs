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

    private S3Client(AmazonS3Config config)
        : base(config)
    {
    }

    private S3Client(AWSCredentials credentials, AmazonS3Config config)
        : base(credentials, config)
    {
    }

    /// <summary>Creates a client for an endpoint.</summary>
    /// <param name="options">The store's settings.</param>
    /// <param name="endpoint">URL of the server; null for AWS in the configured region.</param>
    public static S3Client Create(S3Options options, string? endpoint)
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.ForcePathStyle ?? endpoint is not null,
            AuthenticationRegion = options.Region,
            // Stores other than AWS refuse the SDK's default checksums, and x-amz-content-sha256 covers the body already.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = options.RetryCountMax,
            Timeout = options.AttemptTimeout,
            MaxConnectionsPerServer = options.ConnectionCountMax,
            BufferSize = CopyBufferSizeBytes,
            HttpClientFactory = new ClientFactory(options),
        };
        if (endpoint is null)
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        else
            config.ServiceURL = endpoint;
        return options.AccessKey is { Length: > 0 } accessKey
            ? new S3Client(new BasicAWSCredentials(accessKey, options.SecretKey), config)
            : new S3Client(config);
    }

    /// <inheritdoc/>
    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandlerBefore<Signer>(new KnownHashHandler());
    }

    /// <summary>One pool of connections per client, shared by all its calls.</summary>
    private sealed class ClientFactory(S3Options options) : HttpClientFactory
    {
        private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(10);
        private static readonly TimeSpan ConnectionIdleTimeout = TimeSpan.FromSeconds(60);

        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = options.ConnectionCountMax,
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

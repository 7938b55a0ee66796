using System.Net;
using Amazon.Runtime;
using Amazon.S3.Model;

namespace GrainVault.Storage.S3.Setup;

/// <summary>
/// Tells a bucket what uploads straight to it need, or looks whether it was told. Rules of others stay as they are. It has a client
/// of its own: what a server does not offer here says nothing about its health.
/// </summary>
public sealed class BucketSetup : IDisposable
{
    private const string BucketThing = "bucket";

    private readonly S3Options _options;
    private readonly S3Dialect _dialect;
    private readonly S3Client _client;
    private readonly S3Client _signer;
    private readonly CephTopics? _topics;
    private readonly IBucketPart[] _parts;

    /// <summary>Creates the setup; nothing is sent before the first call.</summary>
    /// <param name="options">Where the bucket is.</param>
    /// <param name="plan">What it has to be told.</param>
    public BucketSetup(S3Options options, BucketPlan plan)
    {
        ArgumentException.ThrowIfNullOrEmpty(options.Bucket);
        _options = options;
        _dialect = S3Dialect.Of(options)!;
        var credentials = S3Client.CredentialsOf(options);
        _client = S3Client.Create(options, options.Endpoint, _dialect, credentials);
        _signer = S3Client.Create(options, options.Endpoint, _dialect, S3Client.UploadCredentialsOf(options) ?? credentials);
        if (_dialect.Name == S3Dialect.Ceph.Name)
            _topics = new CephTopics(new Uri(options.Endpoint!), options.Region, credentials, _client.Config);
        _parts =
        [
            new BucketCors(_client, options.Bucket, plan),
            new BucketLifecycle(_client, options.Bucket, plan),
            new BucketNotifications(_client, options.Bucket, plan, _dialect, _topics),
            new UploadKeys(_client, _signer, options.Bucket, options.Endpoint?.StartsWith("http://", StringComparison.OrdinalIgnoreCase) == true),
        ];
    }

    /// <summary>
    /// Looks at everything and changes nothing; without a bucket, at that alone. What keys may do shows only when they are used: an
    /// object is written for that and removed, where there is none yet to be looked at.
    /// </summary>
    /// <exception cref="ObjectStoreException">Unavailable: the server does not answer. Refused: it does not know the keys.</exception>
    public Task<IReadOnlyList<SetupLine>> CheckAsync(CancellationToken cancellationToken = default) => RunAsync(isApplied: false, cancellationToken);

    /// <summary>Sets what is not as it has to be; a second call finds nothing to set.</summary>
    /// <exception cref="ObjectStoreException">Unavailable: the server does not answer. Refused: it does not know the keys.</exception>
    public Task<IReadOnlyList<SetupLine>> ApplyAsync(CancellationToken cancellationToken = default) => RunAsync(isApplied: true, cancellationToken);

    /// <summary>Closes the connections.</summary>
    public void Dispose()
    {
        _topics?.Dispose();
        _signer.Dispose();
        _client.Dispose();
    }

    private async Task<IReadOnlyList<SetupLine>> RunAsync(bool isApplied, CancellationToken cancellationToken)
    {
        var bucket = await GuardAsync(BucketThing, "", token => RunBucketAsync(isApplied, token), cancellationToken).ConfigureAwait(false);
        List<SetupLine> lines = [bucket];
        if (bucket.State == SetupState.Missing)
            return lines;
        foreach (var part in _parts)
            lines.Add(await GuardAsync(part.Thing, part.AdviceOf(_dialect), token => part.RunAsync(isApplied, token), cancellationToken).ConfigureAwait(false));
        return lines;
    }

    private async Task<SetupLine> RunBucketAsync(bool isApplied, CancellationToken cancellationToken)
    {
        try
        {
            await _client.HeadBucketAsync(new HeadBucketRequest { BucketName = _options.Bucket }, cancellationToken).ConfigureAwait(false);
            return new SetupLine(BucketThing, SetupState.Ok, _options.Bucket!);
        }
        catch (AmazonServiceException e) when (e.StatusCode == HttpStatusCode.NotFound && !isApplied)
        {
            return new SetupLine(BucketThing, SetupState.Missing, $"there is no bucket {_options.Bucket}");
        }
        catch (AmazonServiceException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            // The client's region is the bucket's; stores other than AWS refuse a location that they don't know.
            var request = new PutBucketRequest { BucketName = _options.Bucket, UseClientRegion = _options.Endpoint is null };
            await _client.PutBucketAsync(request, cancellationToken).ConfigureAwait(false);
            return new SetupLine(BucketThing, SetupState.Set, $"{_options.Bucket} was made");
        }
    }

    /// <summary>What a server's refusal says about one thing.</summary>
    private async Task<SetupLine> GuardAsync(string thing, string advice, Func<CancellationToken, Task<SetupLine>> work, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.ControlTimeout);
        try
        {
            return await work(limit.Token).ConfigureAwait(false);
        }
        catch (AmazonServiceException e) when (e.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed || e.ErrorCode == "NotImplemented")
        {
            return new SetupLine(thing, SetupState.NotOffered, $"{S3Errors.Describe(e)}: {advice}");
        }
        catch (AmazonServiceException e) when (e.StatusCode == HttpStatusCode.Forbidden && !IsUnknownKey(e))
        {
            return new SetupLine(thing, SetupState.Unknown, $"{S3Errors.Describe(e)}: the keys may not see or set this");
        }
        catch (AmazonServiceException e) when (e.StatusCode == HttpStatusCode.BadRequest)
        {
            return new SetupLine(thing, SetupState.Missing, $"the server refuses it with {S3Errors.Describe(e)}; if it can't: {advice}");
        }
        catch (Exception e) when (S3Errors.Covers(e) && !cancellationToken.IsCancellationRequested)
        {
            throw S3Errors.Translate(e, "Setup", thing);
        }
    }

    private static bool IsUnknownKey(AmazonServiceException e) => e.ErrorCode is "InvalidAccessKeyId" or "SignatureDoesNotMatch";
}

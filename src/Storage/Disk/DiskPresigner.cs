namespace GrainVault.Storage.Disk;

/// <summary>Presigned URLs of a disk store; the front end serves them.</summary>
internal sealed class DiskPresigner(DiskOptions options, DiskLayout layout, StoreProfile profile, TimeProvider time)
{
    // The key is read when it is first needed; a failure to do so is not kept.
    private readonly Lazy<SignedObjectUrl> _urls = new(
        () => new SignedObjectUrl(UrlSecretFile.LoadOrCreate(options.UrlKeyFile ?? Path.Combine(layout.Root, UrlSecretFile.FileName)), time),
        LazyThreadSafetyMode.PublicationOnly);

    /// <summary>Makes and checks the URLs.</summary>
    public SignedObjectUrl Urls => _urls.Value;

    /// <summary>A URL that reads an object.</summary>
    public PresignedUrl PresignGet(string key, TimeSpan lifetime, string? contentDisposition, string? contentType)
    {
        PresignRules.CheckGet(profile, key, lifetime, contentDisposition, contentType);
        return Sign(new SignedObjectRequest(SignedOperation.Get, key, ExpiryOf(lifetime)) { ContentDisposition = contentDisposition, ContentType = contentType });
    }

    /// <summary>A URL that writes a whole object.</summary>
    public PresignedUrl PresignPut(string key, long sizeBytes, TimeSpan lifetime)
    {
        PresignRules.CheckPut(profile, key, sizeBytes, lifetime);
        return Sign(new SignedObjectRequest(SignedOperation.PutObject, key, ExpiryOf(lifetime)) { SizeBytes = sizeBytes });
    }

    /// <summary>A URL that writes one part.</summary>
    public PresignedUrl PresignPutPart(string key, string uploadId, int number, long sizeBytes, TimeSpan lifetime)
    {
        PresignRules.CheckPart(profile, key, number, sizeBytes, lifetime);
        if (!DiskLayout.IsUploadId(uploadId))
            throw DiskErrors.UploadNotFound(key, uploadId);
        return Sign(new SignedObjectRequest(SignedOperation.PutPart, key, ExpiryOf(lifetime)) { SizeBytes = sizeBytes, StoreUploadId = uploadId, PartNumber = number });
    }

    /// <summary>URLs carry whole seconds; never more than was asked for.</summary>
    private DateTimeOffset ExpiryOf(TimeSpan lifetime) => DateTimeOffset.FromUnixTimeSeconds((time.GetUtcNow() + lifetime).ToUnixTimeSeconds());

    private PresignedUrl Sign(SignedObjectRequest request)
    {
        var path = Urls.Create(request);
        var url = options.PublicUrl is { Length: > 0 } front
            ? new Uri(front.TrimEnd('/') + path, UriKind.Absolute)
            : new Uri(path, UriKind.Relative);
        return new PresignedUrl(url, request.ExpiresAt);
    }
}

namespace GrainVault.Storage.S3;

/// <summary>How the body of a PUT is protected on its way, besides TLS.</summary>
public enum S3PayloadSigning
{
    /// <summary>The signature covers the body's SHA-256, and the server checks it.</summary>
    Hash,

    /// <summary><c>UNSIGNED-PAYLOAD</c>: for servers behind something that changes bodies; https only.</summary>
    None,
}

/// <summary>Which checksums of bodies a server is given to keep.</summary>
public enum S3ChecksumMode
{
    /// <summary>None but those that an operation can't do without.</summary>
    WhenRequired,

    /// <summary>Whole objects carry <c>x-amz-checksum-sha256</c>, which the server checks and stores.</summary>
    Sha256,
}

/// <summary>What one kind of S3 server does differently; <c>Objects:S3:Profile</c> names it.</summary>
public sealed record S3Dialect
{
    private const long GiB = 1L << 30;
    private const long TiB = 1L << 40;

    /// <summary>Name in the configuration and in <see cref="StoreProfile.Dialect"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Bucket in the path instead of the host name.</summary>
    public bool IsPathStyle { get; init; } = true;

    /// <summary>How bodies are signed.</summary>
    public S3PayloadSigning PayloadSigning { get; init; } = S3PayloadSigning.Hash;

    /// <summary>Which checksums go with whole objects. Parts have none: they would have to be announced when the upload begins, and direct ones come without.</summary>
    public S3ChecksumMode Checksums { get; init; } = S3ChecksumMode.WhenRequired;

    /// <summary>All parts but the last must have one size.</summary>
    public bool WantsEqualParts { get; init; }

    /// <summary>Most parts of an upload.</summary>
    public int PartCountMax { get; init; } = 10_000;

    /// <summary>Smallest size of every part but the last, in bytes.</summary>
    public long PartSizeBytesMin { get; init; } = 5L << 20;

    /// <summary>Largest part, in bytes.</summary>
    public long PartSizeBytesMax { get; init; } = 5 * GiB;

    /// <summary>Largest object of one PUT, in bytes.</summary>
    public long PutSizeBytesMax { get; init; } = 5 * GiB;

    /// <summary>Largest object, in bytes.</summary>
    public long ObjectSizeBytesMax { get; init; } = 5 * TiB;

    /// <summary>Largest source of one CopyObject, in bytes; larger ones are copied in pieces (UploadPartCopy).</summary>
    public long CopySizeBytesMax { get; init; } = 5 * GiB;

    /// <summary>Size of a piece of such a copy, in bytes; larger only where there would be too many.</summary>
    public long CopyPieceSizeBytes { get; init; } = GiB;

    /// <summary>The server is known to honour <c>x-amz-copy-source-if-match</c>. Where it is not, a copy is compared with its source afterwards.</summary>
    public bool HonoursCopyCondition { get; init; } = true;

    /// <summary>The server is known to honour <c>If-Match</c> when it deletes.</summary>
    public bool HonoursDeleteCondition { get; init; }

    /// <summary>The server is known to refuse a presigned PUT whose length is not the signed one.</summary>
    public bool EnforcesSignedLength { get; init; } = true;

    /// <summary>AWS S3.</summary>
    public static S3Dialect Aws { get; } = new()
    {
        Name = "aws", IsPathStyle = false, Checksums = S3ChecksumMode.Sha256, ObjectSizeBytesMax = 10_000 * 5 * GiB, HonoursDeleteCondition = true,
    };

    /// <summary>Ceph's RADOS gateway. It takes checksum headers, but checks only the signed hash.</summary>
    public static S3Dialect Ceph { get; } = new() { Name = "ceph", ObjectSizeBytesMax = 10_000 * 5 * GiB };

    /// <summary>SeaweedFS.</summary>
    public static S3Dialect SeaweedFs { get; } = new() { Name = "seaweedfs" };

    /// <summary>Garage.</summary>
    public static S3Dialect Garage { get; } = new() { Name = "garage" };

    /// <summary>Cloudflare R2: parts of one size, and limits a little below the others'.</summary>
    public static S3Dialect R2 { get; } = new()
    {
        Name = "r2", WantsEqualParts = true, PutSizeBytesMax = (5 * GiB) - (5L << 20), PartSizeBytesMax = (5 * GiB) - (5L << 20),
        ObjectSizeBytesMax = (5 * TiB) - (5 * GiB), CopySizeBytesMax = (5 * GiB) - (5L << 20),
    };

    /// <summary>Any other server: only what all of them are known to do is relied on.</summary>
    public static S3Dialect Generic { get; } = new() { Name = "generic", WantsEqualParts = true, HonoursCopyCondition = false, EnforcesSignedLength = false };

    /// <summary>All dialects.</summary>
    public static IReadOnlyList<S3Dialect> All { get; } = [Aws, Ceph, SeaweedFs, Garage, R2, Generic];

    /// <summary>The dialect that the options ask for, with the operator's own limits; null for a name that there is not.</summary>
    public static S3Dialect? Of(S3Options options)
    {
        var name = options.Profile ?? (options.Endpoint is null ? Aws.Name : Generic.Name);
        return All.FirstOrDefault(dialect => dialect.Name == name) is not { } known
            ? null
            : known with
            {
                PartCountMax = options.PartCountMax ?? known.PartCountMax,
                PayloadSigning = options.PayloadSigning ?? known.PayloadSigning,
                IsPathStyle = options.ForcePathStyle ?? known.IsPathStyle,
            };
    }
}

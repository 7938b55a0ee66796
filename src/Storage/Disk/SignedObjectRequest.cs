namespace GrainVault.Storage.Disk;

/// <summary>What a signed URL lets its holder do.</summary>
public enum SignedOperation
{
    /// <summary>GET of an object.</summary>
    Get,

    /// <summary>PUT of a whole object.</summary>
    PutObject,

    /// <summary>PUT of one part of a multipart upload.</summary>
    PutPart,
}

/// <summary>Everything that a signed URL says, and its signature covers.</summary>
/// <param name="Operation">What it lets its holder do; it decides the method.</param>
/// <param name="Key">Key of the object.</param>
/// <param name="ExpiresAt">When it stops working; whole seconds.</param>
public sealed record SignedObjectRequest(SignedOperation Operation, string Key, DateTimeOffset ExpiresAt)
{
    /// <summary>Size that the body of a PUT must have, in bytes; 0 for a GET.</summary>
    public long SizeBytes { get; init; }

    /// <summary>Id of the upload, for <see cref="SignedOperation.PutPart"/>; otherwise empty.</summary>
    public string StoreUploadId { get; init; } = "";

    /// <summary>Number of the part, for <see cref="SignedOperation.PutPart"/>; otherwise 0.</summary>
    public int PartNumber { get; init; }

    /// <summary>Value of the <c>Content-Disposition</c> header of the answer to a GET; null for none.</summary>
    public string? ContentDisposition { get; init; }

    /// <summary>Value of the <c>Content-Type</c> header of the answer to a GET; null for the default.</summary>
    public string? ContentType { get; init; }

    /// <summary>The one method that the URL is good for.</summary>
    public string Method => Operation == SignedOperation.Get ? "GET" : "PUT";
}

/// <summary>What the check of a signed URL found.</summary>
public enum SignedUrlStatus
{
    /// <summary>The request may do what the URL says.</summary>
    Valid,

    /// <summary>The URL was not made here, was changed, or is used with another method (403).</summary>
    Forged,

    /// <summary>It was made here, and its time is over (403).</summary>
    Expired,

    /// <summary>It was made here for a body of another size, or the request does not say how long its body is (403, as S3 answers).</summary>
    WrongSize,
}

/// <summary>The result of checking a signed URL.</summary>
/// <param name="Status">What was found.</param>
/// <param name="Request">What the URL allows; null unless it is valid.</param>
public sealed record SignedUrlVerdict(SignedUrlStatus Status, SignedObjectRequest? Request = null);

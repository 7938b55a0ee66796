using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Polly;

namespace GrainVault.Storage.S3;

/// <summary>Translates what the SDK, the connection or the server says into what a caller may conclude.</summary>
internal static class S3Errors
{
    /// <summary>True for errors that this table translates; bugs of ours pass through.</summary>
    public static bool Covers(Exception e) =>
        e is AmazonClientException or AmazonServiceException or HttpRequestException or IOException or SocketException or WebException
            or TimeoutException or ExecutionRejectedException or OperationCanceledException or System.Xml.XmlException or ObjectDisposedException;

    /// <summary>The one exception of every provider. Messages hold no URL, header or credential.</summary>
    /// <param name="e">What happened.</param>
    /// <param name="operation">What was tried.</param>
    /// <param name="key">Key of the object, or prefix.</param>
    public static ObjectStoreException Translate(Exception e, string operation, string key) =>
        new(Classify(e), $"{operation} of {key}: the S3 server failed with {Describe(e)}.", e);

    /// <summary>The server's error code and status, or the kind of failure: enough to act on, and never a secret.</summary>
    public static string Describe(Exception e)
    {
        if (e is AmazonServiceException { StatusCode: not 0 } answered)
            return $"{(string.IsNullOrEmpty(answered.ErrorCode) ? "no code" : answered.ErrorCode)} ({(int)answered.StatusCode})";
        var cause = e;
        while (cause is AmazonClientException or AmazonServiceException or HttpRequestException && cause.InnerException is { } inner)
            cause = inner;
        return cause is SocketException socket ? $"{nameof(SocketException)} ({socket.SocketErrorCode})" : cause.GetType().Name;
    }

    /// <summary>What a caller may conclude from an error that <see cref="Covers"/>.</summary>
    public static ObjectStoreError Classify(Exception e) => e switch
    {
        AmazonUnmarshallingException => ObjectStoreError.Unavailable,
        AmazonServiceException service => Classify(service.ErrorCode, service.StatusCode),
        // The SDK wraps a broken connection; what it does not wrap is a credential it can't find or a request it won't send.
        AmazonClientException { InnerException: { } inner } when inner is not AmazonClientException && Covers(inner) => ObjectStoreError.Unavailable,
        AmazonClientException => ObjectStoreError.Refused,
        _ => ObjectStoreError.Unavailable,
    };

    private static ObjectStoreError Classify(string? code, HttpStatusCode status) => code switch
    {
        "NoSuchKey" => ObjectStoreError.NotFound,
        "NoSuchUpload" => ObjectStoreError.UploadNotFound,
        "PreconditionFailed" => ObjectStoreError.PreconditionFailed,
        "InvalidPart" or "InvalidPartOrder" or "EntityTooSmall" => ObjectStoreError.InvalidPart,
        "QuotaExceeded" or "InsufficientStorage" or "XMinioStorageFull" => ObjectStoreError.Full,
        // The body was damaged on its way, or the connection was too slow: both may go well next time.
        "XAmzContentSHA256Mismatch" or "BadDigest" or "IncompleteBody" or "RequestTimeout" or "RequestTimeTooSkewed" or "SlowDown" or "Throttling"
            => ObjectStoreError.Unavailable,
        "NoSuchBucket" => ObjectStoreError.Refused,
        _ => status switch
        {
            HttpStatusCode.NotFound => ObjectStoreError.NotFound,
            HttpStatusCode.PreconditionFailed => ObjectStoreError.PreconditionFailed,
            HttpStatusCode.InsufficientStorage => ObjectStoreError.Full,
            HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or 0 or < HttpStatusCode.MultipleChoices or >= HttpStatusCode.InternalServerError
                => ObjectStoreError.Unavailable,
            _ => ObjectStoreError.Refused,
        },
    };
}

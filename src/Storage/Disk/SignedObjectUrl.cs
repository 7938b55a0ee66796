using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace GrainVault.Storage.Disk;

/// <summary>
/// Makes and checks the URLs with which clients write to and read from a disk store through the front end. HMAC-SHA-256
/// covers method, operation, key, upload, part, size, expiry and answer headers.
/// </summary>
/// <remarks>
/// <code>
/// PUT /objects/v1/part/{upload}/{number}/{key}?expires={unix s}&amp;size={bytes}&amp;sig={base64url}
/// PUT /objects/v1/put/{key}?expires={unix s}&amp;size={bytes}&amp;sig={base64url}
/// GET /objects/v1/get/{key}?expires={unix s}[&amp;disposition=...][&amp;type=...]&amp;sig={base64url}
/// </code>
/// </remarks>
/// <param name="secret">The key of the signatures, <see cref="UrlSecretFile.SizeBytes"/> random bytes.</param>
/// <param name="time">Clock by which URLs expire.</param>
public sealed class SignedObjectUrl(ReadOnlyMemory<byte> secret, TimeProvider time)
{
    /// <summary>What the path of every such URL begins with.</summary>
    public const string PathPrefix = "/objects/v1/";

    private const string Version = "grainvault-object-url-v1";

    /// <summary>The URL for a request, relative to a front end: it begins with a slash.</summary>
    /// <exception cref="ArgumentException">The request has a key that is none.</exception>
    public string Create(SignedObjectRequest request)
    {
        ObjectKeys.Check(request.Key);
        var url = new StringBuilder(PathPrefix).Append(PathOf(request))
            .Append(CultureInfo.InvariantCulture, $"?expires={request.ExpiresAt.ToUnixTimeSeconds()}");
        if (request.Operation != SignedOperation.Get)
            url.Append(CultureInfo.InvariantCulture, $"&size={request.SizeBytes}");
        if (request.ContentDisposition is { } disposition)
            url.Append("&disposition=").Append(Uri.EscapeDataString(disposition));
        if (request.ContentType is { } type)
            url.Append("&type=").Append(Uri.EscapeDataString(type));
        return url.Append("&sig=").Append(Base64Url.EncodeToString(SignatureOf(request))).ToString();
    }

    /// <summary>Checks a request against its URL; the signature first, in constant time, so that nothing is told about forged ones.</summary>
    /// <param name="method">Method of the request.</param>
    /// <param name="path">Path of the request, decoded.</param>
    /// <param name="queryString">Query as it came.</param>
    /// <param name="contentLength">Announced length of the body, in bytes; null when there is none.</param>
    public SignedUrlVerdict Verify(string method, string path, string? queryString, long? contentLength)
    {
        if (!path.StartsWith(PathPrefix, StringComparison.Ordinal) || Parse(path[PathPrefix.Length..], queryString, out var signature) is not { } request)
            return new SignedUrlVerdict(SignedUrlStatus.Forged);
        if (!CryptographicOperations.FixedTimeEquals(signature, SignatureOf(request)) || method != request.Method)
            return new SignedUrlVerdict(SignedUrlStatus.Forged);
        if (time.GetUtcNow() >= request.ExpiresAt)
            return new SignedUrlVerdict(SignedUrlStatus.Expired);
        return request.Operation != SignedOperation.Get && contentLength != request.SizeBytes
            ? new SignedUrlVerdict(SignedUrlStatus.WrongSize)
            : new SignedUrlVerdict(SignedUrlStatus.Valid, request);
    }

    private static string PathOf(SignedObjectRequest request) => request.Operation switch
    {
        SignedOperation.Get => $"get/{request.Key}",
        SignedOperation.PutObject => $"put/{request.Key}",
        _ => string.Create(CultureInfo.InvariantCulture, $"part/{request.StoreUploadId}/{request.PartNumber}/{request.Key}"),
    };

    /// <summary>What a URL claims, or null when it can't have been made here.</summary>
    private static SignedObjectRequest? Parse(string path, string? queryString, out byte[] signature)
    {
        signature = [];
        var query = QueryHelpers.ParseQuery(queryString);
        if (Single(query, "expires") is not { } expires || Single(query, "sig") is not { Length: <= 64 } sig
            || !TryParse(expires, out var seconds) || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            || !Base64Url.IsValid(sig))
            return null;
        signature = Base64Url.DecodeFromChars(sig);
        if (ParsePath(path, DateTimeOffset.FromUnixTimeSeconds(seconds)) is not { } request || !ObjectKeys.IsValid(request.Key))
            return null;
        if (request.Operation == SignedOperation.Get)
        {
            return HasOnly(query, "expires", "sig", "disposition", "type")
                ? request with { ContentDisposition = Single(query, "disposition"), ContentType = Single(query, "type") }
                : null;
        }

        return HasOnly(query, "expires", "sig", "size")
            && TryParse(Single(query, "size"), out var sizeBytes)
                ? request with { SizeBytes = sizeBytes }
                : null;
    }

    private static SignedObjectRequest? ParsePath(string path, DateTimeOffset expiresAt)
    {
        if (path.StartsWith("get/", StringComparison.Ordinal))
            return new SignedObjectRequest(SignedOperation.Get, path[4..], expiresAt);
        if (path.StartsWith("put/", StringComparison.Ordinal))
            return new SignedObjectRequest(SignedOperation.PutObject, path[4..], expiresAt);
        var pieces = path.Split('/', 4);
        return pieces is ["part", var upload, var number, var key]
            && DiskLayout.IsUploadId(upload)
            && TryParse(number, out var partNumber)
            && partNumber <= int.MaxValue
                ? new SignedObjectRequest(SignedOperation.PutPart, key, expiresAt) { StoreUploadId = upload, PartNumber = (int)partNumber }
                : null;
    }

    /// <summary>A number as it is written here; <c>007</c> was not made here.</summary>
    private static bool TryParse(string? text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && (text!.Length == 1 || text[0] != '0');

    private static string? Single(Dictionary<string, StringValues> query, string name) =>
        query.TryGetValue(name, out var values) && values.Count == 1 ? values[0] : null;

    /// <summary>Nothing may stand in a URL that its signature does not cover.</summary>
    private static bool HasOnly(Dictionary<string, StringValues> query, params ReadOnlySpan<string> names)
    {
        foreach (var (name, values) in query)
        {
            if (values.Count != 1 || !names.Contains(name))
                return false;
        }

        return true;
    }

    private byte[] SignatureOf(SignedObjectRequest request)
    {
        // One field a line. No field can hold a line break, and an absent header is told from an empty one.
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{Version}\n{request.Method}\n{PathOf(request)}\n{request.SizeBytes}\n{request.ExpiresAt.ToUnixTimeSeconds()}\n{Field(request.ContentDisposition)}\n{Field(request.ContentType)}");
        return HMACSHA256.HashData(secret.Span, Encoding.UTF8.GetBytes(text));

        static string Field(string? value) => value is null ? "-" : $"={value}";
    }
}

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace GrainVault.TestKit.FakeS3;

/// <summary>One request to the fake server, by the names of the S3 API.</summary>
/// <param name="Operation">For example <c>UploadPart</c>.</param>
/// <param name="Bucket">Name of the bucket.</param>
/// <param name="Key">Key, decoded; empty for calls of the bucket.</param>
/// <param name="Query">Decoded query, in the order it came.</param>
public sealed record FakeS3Call(string Operation, string Bucket, string Key, IReadOnlyList<(string Name, string Value)> Query)
{
    private static readonly string[] BucketDocuments = ["cors", "lifecycle", "notification", "policy", "versioning", "location"];

    /// <summary>Id of the upload; empty when the call is about none.</summary>
    public string UploadId => this["uploadId"] ?? "";

    /// <summary>Number of the part; 0 when the call is about none.</summary>
    public int PartNumber => int.TryParse(this["partNumber"], out var number) ? number : 0;

    /// <summary>Which of the bucket's configuration documents the call is about; null for none.</summary>
    public string? Document => BucketDocuments.FirstOrDefault(name => this[name] is not null);

    /// <summary>A value of the query; null when it is not there.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var (other, value) in Query)
            {
                if (other == name)
                    return value;
            }

            return null;
        }
    }

    /// <summary>Reads a request in path style.</summary>
    public static FakeS3Call Parse(HttpRequest request)
    {
        var target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?', 2);
        var path = target[0].TrimStart('/').Split('/', 2);
        var query = target.Length < 2
            ? []
            : target[1].Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2))
                .Select(pair => (Uri.UnescapeDataString(pair[0]), pair.Length > 1 ? Uri.UnescapeDataString(pair[1].Replace('+', ' ')) : "")).ToArray();
        var call = new FakeS3Call("", Uri.UnescapeDataString(path[0]), path.Length > 1 ? Uri.UnescapeDataString(path[1]) : "", query);
        return call with { Operation = OperationOf(call, request.Method, request.Headers.ContainsKey("x-amz-copy-source")) };
    }

    private static string OperationOf(FakeS3Call call, string method, bool isCopy) => (method, IsObject: call.Key.Length > 0) switch
    {
        (_, false) when call.Document is not null => $"{method} {call.Document}",
        ("GET", false) => call["uploads"] is null ? "ListObjectsV2" : "ListMultipartUploads",
        ("HEAD", false) => "HeadBucket",
        ("PUT", false) => "CreateBucket",
        ("POST", true) => call["uploads"] is null ? "CompleteMultipartUpload" : "CreateMultipartUpload",
        ("GET", true) => call["uploadId"] is null ? "GetObject" : "ListParts",
        ("HEAD", true) => "HeadObject",
        ("DELETE", true) => call["uploadId"] is null ? "DeleteObject" : "AbortMultipartUpload",
        ("PUT", true) when call["uploadId"] is not null => isCopy ? "UploadPartCopy" : "UploadPart",
        ("PUT", true) => isCopy ? "CopyObject" : "PutObject",
        _ => "Unknown",
    };
}

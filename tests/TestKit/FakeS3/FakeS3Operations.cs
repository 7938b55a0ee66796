using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace GrainVault.TestKit.FakeS3;

/// <summary>Runs the calls of the S3 API on what the fake server holds.</summary>
internal static class FakeS3Operations
{
    public static async Task<FakeS3Answer> RunAsync(FakeS3Server server, FakeS3Call call, HttpRequest request, FakeS3Body body)
    {
        if (call.Operation == "CreateBucket")
            return server.CreateBucket(call.Bucket) ? new FakeS3Answer() : FakeS3Answer.Error(409, "BucketAlreadyOwnedByYou", "");
        var bucket = server.FindBucket(call.Bucket) ?? throw FakeS3Error.NoSuchBucket;
        switch (call.Operation)
        {
            case "HeadBucket":
                return new FakeS3Answer();
            case "ListObjectsV2":
                return FakeS3Lists.Objects(call, bucket);
            case "ListMultipartUploads":
                return FakeS3Lists.Uploads(call, bucket);
            case "ListParts":
                return FakeS3Lists.Parts(call, bucket);
            case "PutObject":
                return PutObject(server, call, request, bucket, body);
            case "GetObject" or "HeadObject":
                return Read(call, request, bucket.Find(call.Key) ?? throw FakeS3Error.NoSuchKey);
            case "DeleteObject":
                bucket.Delete(call.Key);
                return new FakeS3Answer(204);
            case "CopyObject":
                return await CopyObjectAsync(server, call, request, bucket);
            case "CreateMultipartUpload":
                return FakeS3Answer.Document("InitiateMultipartUploadResult", new XElement("UploadId", bucket.Initiate(call.Key, request.ContentType).Id));
            case "UploadPart":
                return new FakeS3Answer().With("ETag", FakeS3Answer.Quote(bucket.PutPart(call.Key, call.UploadId, call.PartNumber, body.Content).ETag));
            case "UploadPartCopy":
                return await CopyPartAsync(server, call, request, bucket);
            case "CompleteMultipartUpload":
                return Complete(server, call, bucket, body);
            case "AbortMultipartUpload":
                bucket.Abort(call.Key, call.UploadId);
                return new FakeS3Answer(204);
            default:
                return Configure(call, request.Method, bucket, body);
        }
    }

    private static FakeS3Answer PutObject(FakeS3Server server, FakeS3Call call, HttpRequest request, FakeBucket bucket, FakeS3Body body)
    {
        var checksum = request.Headers["x-amz-checksum-sha256"].ToString();
        if (checksum.Length > 0 && checksum != Convert.ToBase64String(Convert.FromHexString(body.Sha256Hex)))
            throw new FakeS3Error(400, "BadDigest");
        var made = bucket.Put(call.Key, body.Content, request.ContentType);
        server.Created?.Invoke("ObjectCreated:Put", call.Bucket, made);
        return new FakeS3Answer().With("ETag", FakeS3Answer.Quote(made.ETag)).With("x-amz-checksum-sha256", checksum.Length > 0 ? checksum : null);
    }

    private static FakeS3Answer Read(FakeS3Call call, HttpRequest request, FakeObject found)
    {
        var (offset, end, size) = (0L, found.Content.SizeBytes - 1, found.Content.SizeBytes);
        var range = request.Headers.Range.ToString();
        if (range.StartsWith("bytes=", StringComparison.Ordinal) && range[6..].Split('-') is [var first, var last] && first.Length > 0)
        {
            offset = long.Parse(first, CultureInfo.InvariantCulture);
            end = last.Length > 0 ? Math.Min(long.Parse(last, CultureInfo.InvariantCulture), end) : end;
            if (offset >= size || end < offset)
                throw new FakeS3Error(416, "InvalidRange");
        }

        var isPartial = range.Length > 0;
        return new FakeS3Answer(isPartial ? 206 : 200) { Content = found.Content, Offset = offset, Length = end - offset + 1 }
            .With("ETag", FakeS3Answer.Quote(found.ETag))
            .With("Last-Modified", found.ModifiedAt.ToString("R", CultureInfo.InvariantCulture))
            .With("Accept-Ranges", "bytes")
            .With("Content-Range", isPartial ? string.Create(CultureInfo.InvariantCulture, $"bytes {offset}-{end}/{size}") : null)
            .With("Content-Type", call["response-content-type"] ?? found.ContentType ?? "binary/octet-stream")
            .With("Content-Disposition", call["response-content-disposition"]);
    }

    private static FakeObject SourceOf(FakeS3Server server, HttpRequest request)
    {
        var source = Uri.UnescapeDataString(request.Headers["x-amz-copy-source"].ToString()).TrimStart('/').Split('/', 2);
        var found = (server.FindBucket(source[0]) ?? throw FakeS3Error.NoSuchBucket).Find(source[1]) ?? throw FakeS3Error.NoSuchKey;
        var wanted = request.Headers["x-amz-copy-source-if-match"].ToString().Trim('"');
        return wanted.Length == 0 || wanted == found.ETag || !server.HonoursCopyCondition ? found : throw new FakeS3Error(412, "PreconditionFailed");
    }

    private static async Task<FakeS3Answer> CopyObjectAsync(FakeS3Server server, FakeS3Call call, HttpRequest request, FakeBucket bucket)
    {
        var source = SourceOf(server, request);
        if (source.Content.SizeBytes > 5L << 30)
            throw new FakeS3Error(400, "InvalidRequest", "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120");
        var copy = bucket.Put(call.Key, await source.Content.FlattenAsync(), source.ContentType);
        server.Created?.Invoke("ObjectCreated:Copy", call.Bucket, copy);
        return FakeS3Answer.Document(
            "CopyObjectResult", new XElement("LastModified", FakeS3Answer.Time(copy.ModifiedAt)), new XElement("ETag", FakeS3Answer.Quote(copy.ETag)));
    }

    private static async Task<FakeS3Answer> CopyPartAsync(FakeS3Server server, FakeS3Call call, HttpRequest request, FakeBucket bucket)
    {
        var source = SourceOf(server, request);
        var content = source.Content;
        if (request.Headers["x-amz-copy-source-range"].ToString() is { Length: > 6 } range)
        {
            var ends = range[6..].Split('-').Select(end => long.Parse(end, CultureInfo.InvariantCulture)).ToArray();
            content = server.KeepsBytes ? await content.SliceAsync(ends[0], ends[1] - ends[0] + 1) : FakeContent.Sparse(ends[1] - ends[0] + 1);
        }

        var part = bucket.PutPart(call.Key, call.UploadId, call.PartNumber, content);
        return FakeS3Answer.Document(
            "CopyPartResult", new XElement("LastModified", FakeS3Answer.Time(part.ModifiedAt)), new XElement("ETag", FakeS3Answer.Quote(part.ETag)));
    }

    private static FakeS3Answer Complete(FakeS3Server server, FakeS3Call call, FakeBucket bucket, FakeS3Body body)
    {
        var parts = XDocument.Parse(Encoding.UTF8.GetString(body.Bytes)).Root!.Elements().Where(element => element.Name.LocalName == "Part")
            .Select(part => (
                int.Parse(Value(part, "PartNumber"), CultureInfo.InvariantCulture),
                Value(part, "ETag").Trim('"')))
            .ToList();
        var made = bucket.Complete(call.Key, call.UploadId, parts);
        server.Created?.Invoke("ObjectCreated:CompleteMultipartUpload", call.Bucket, made);
        return FakeS3Answer.Document(
            "CompleteMultipartUploadResult", new XElement("Bucket", call.Bucket), new XElement("Key", call.Key), new XElement("ETag", FakeS3Answer.Quote(made.ETag)));

        static string Value(XElement part, string name) => part.Elements().First(element => element.Name.LocalName == name).Value;
    }

    /// <summary>Configuration documents are kept as they came.</summary>
    private static FakeS3Answer Configure(FakeS3Call call, string method, FakeBucket bucket, FakeS3Body body)
    {
        if (call.Document is not { } document)
            throw new FakeS3Error(501, "NotImplemented");
        if (method == "GET")
        {
            return bucket[document] is { } kept
                ? new FakeS3Answer { Xml = kept }
                : document switch
                {
                    "cors" => FakeS3Answer.Error(404, "NoSuchCORSConfiguration", ""),
                    "lifecycle" => FakeS3Answer.Error(404, "NoSuchLifecycleConfiguration", ""),
                    "policy" => FakeS3Answer.Error(404, "NoSuchBucketPolicy", ""),
                    "location" => FakeS3Answer.Document("LocationConstraint"),
                    "versioning" => FakeS3Answer.Document("VersioningConfiguration"),
                    _ => FakeS3Answer.Document("NotificationConfiguration"),
                };
        }

        bucket[document] = method == "DELETE" ? null : XDocument.Parse(Encoding.UTF8.GetString(body.Bytes)).ToString(SaveOptions.DisableFormatting);
        return new FakeS3Answer(method == "DELETE" ? 204 : 200);
    }
}

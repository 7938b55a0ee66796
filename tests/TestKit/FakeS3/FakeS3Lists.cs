using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace GrainVault.TestKit.FakeS3;

/// <summary>The paged lists of the S3 API.</summary>
internal static class FakeS3Lists
{
    private const int PageCountMax = 1000;

    public static FakeS3Answer Objects(FakeS3Call call, FakeBucket bucket)
    {
        if (call["delimiter"] is { Length: > 0 })
            throw new FakeS3Error(501, "NotImplemented", "Delimiters are not known here.");
        var after = call["continuation-token"] is { } token ? Encoding.UTF8.GetString(Convert.FromBase64String(token)) : call["start-after"] ?? "";
        var isEncoded = call["encoding-type"] == "url";
        var (page, isTruncated) = Page(bucket.Objects(call["prefix"] ?? "").Where(one => string.CompareOrdinal(one.Key, after) > 0), call["max-keys"]);
        return FakeS3Answer.Document(
            "ListBucketResult",
            new XElement("Name", call.Bucket),
            new XElement("Prefix", call["prefix"]),
            new XElement("KeyCount", page.Count),
            new XElement("IsTruncated", isTruncated),
            isEncoded ? new XElement("EncodingType", "url") : null,
            isTruncated ? new XElement("NextContinuationToken", Convert.ToBase64String(Encoding.UTF8.GetBytes(page[^1].Key))) : null,
            page.Select(one => new XElement(
                "Contents",
                new XElement("Key", isEncoded ? Uri.EscapeDataString(one.Key) : one.Key),
                new XElement("LastModified", FakeS3Answer.Time(one.ModifiedAt)),
                new XElement("ETag", FakeS3Answer.Quote(one.ETag)),
                new XElement("Size", one.Content.SizeBytes))));
    }

    public static FakeS3Answer Uploads(FakeS3Call call, FakeBucket bucket)
    {
        var (key, id) = (call["key-marker"] ?? "", call["upload-id-marker"] ?? "");
        var (page, isTruncated) = Page(bucket.Uploads(call["prefix"] ?? "").Where(IsAfter), call["max-uploads"]);
        return FakeS3Answer.Document(
            "ListMultipartUploadsResult",
            new XElement("Bucket", call.Bucket),
            new XElement("IsTruncated", isTruncated),
            isTruncated ? new XElement("NextKeyMarker", page[^1].Key) : null,
            isTruncated ? new XElement("NextUploadIdMarker", page[^1].Id) : null,
            page.Select(one => new XElement(
                "Upload", new XElement("Key", one.Key), new XElement("UploadId", one.Id), new XElement("Initiated", FakeS3Answer.Time(one.InitiatedAt)))));

        bool IsAfter(FakeUpload one)
        {
            var order = string.CompareOrdinal(one.Key, key);
            return order > 0 || (order == 0 && id.Length > 0 && string.CompareOrdinal(one.Id, id) > 0);
        }
    }

    public static FakeS3Answer Parts(FakeS3Call call, FakeBucket bucket)
    {
        var after = int.Parse(call["part-number-marker"] ?? "0", CultureInfo.InvariantCulture);
        var (page, isTruncated) = Page(bucket.Parts(call.Key, call.UploadId).Where(part => part.Number > after), call["max-parts"]);
        return FakeS3Answer.Document(
            "ListPartsResult",
            new XElement("Bucket", call.Bucket),
            new XElement("Key", call.Key),
            new XElement("UploadId", call.UploadId),
            new XElement("IsTruncated", isTruncated),
            page.Count > 0 ? new XElement("NextPartNumberMarker", page[^1].Number) : null,
            page.Select(part => new XElement(
                "Part",
                new XElement("PartNumber", part.Number),
                new XElement("LastModified", FakeS3Answer.Time(part.ModifiedAt)),
                new XElement("ETag", FakeS3Answer.Quote(part.ETag)),
                new XElement("Size", part.Content.SizeBytes))));
    }

    private static (List<T> Page, bool IsTruncated) Page<T>(IEnumerable<T> all, string? wanted)
    {
        var countMax = Math.Min(int.Parse(wanted ?? "1000", CultureInfo.InvariantCulture), PageCountMax);
        var page = all.Take(countMax + 1).ToList();
        var isTruncated = page.Count > countMax;
        if (isTruncated)
            page.RemoveAt(countMax);
        return (page, isTruncated);
    }
}

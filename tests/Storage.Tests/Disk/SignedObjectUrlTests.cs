using System.Security.Cryptography;
using GrainVault.Storage.Disk;
using GrainVault.TestKit;

namespace GrainVault.Storage.Tests.Disk;

public sealed class SignedObjectUrlTests
{
    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);
    private readonly ManualTime _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly SignedObjectUrl _urls;

    public SignedObjectUrlTests() => _urls = new SignedObjectUrl(Secret, _time);

    private SignedObjectRequest Part => new(SignedOperation.PutPart, "objects/ab/c", _time.GetUtcNow().AddMinutes(1))
    {
        SizeBytes = 5000, StoreUploadId = "0123456789abcdef0123456789abcdef", PartNumber = 7,
    };

    private SignedObjectRequest Put => new(SignedOperation.PutObject, "objects/ab/c", _time.GetUtcNow().AddMinutes(1)) { SizeBytes = 5000 };

    private SignedObjectRequest Get => new(SignedOperation.Get, "objects/ab/c", _time.GetUtcNow().AddMinutes(1)) { ContentDisposition = "attachment; filename=\"a&b=c d.txt\"", ContentType = "text/plain" };

    [Fact]
    public void What_was_signed_is_what_is_allowed()
    {
        foreach (var request in new[] { Part, Put, Put with { SizeBytes = 0 }, Get, Get with { ContentType = null }, Get with { ContentDisposition = "" } })
            Assert.Equal(new SignedUrlVerdict(SignedUrlStatus.Valid, request), Verify(_urls.Create(request), request.Method, request.SizeBytes));
    }

    [Fact]
    public void Each_kind_of_url_has_its_own_path()
    {
        Assert.StartsWith("/objects/v1/part/0123456789abcdef0123456789abcdef/7/objects/ab/c?expires=1893456060&size=5000&sig=", _urls.Create(Part), StringComparison.Ordinal);
        Assert.StartsWith("/objects/v1/put/objects/ab/c?expires=1893456060&size=5000&sig=", _urls.Create(Put), StringComparison.Ordinal);
        Assert.StartsWith("/objects/v1/get/objects/ab/c?expires=1893456060&disposition=attachment", _urls.Create(Get), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/7/", "/8/")]
    [InlineData("/7/", "/07/")]
    [InlineData("0123456789abcdef0", "1123456789abcdef0")]
    [InlineData("objects/ab/c", "objects/ab/d")]
    [InlineData("objects/ab/c", "objects/ab/../ab/c")]
    [InlineData("objects/ab/c", "objects/ab//c")]
    [InlineData("/part/", "/put/")]
    [InlineData("/v1/", "/v2/")]
    [InlineData("size=5000", "size=5001")]
    [InlineData("size=5000", "size=%35000&size=1")]
    [InlineData("size=5000", "size=-5000")]
    [InlineData("size=5000", "size=05000")]
    [InlineData("size=5000", "size=")]
    [InlineData("size=5000&", "")]
    [InlineData("size=5000", "size=5000&size=5000")]
    [InlineData("expires=18934", "expires=19934")]
    [InlineData("expires=1893456060", "expires=99999999999999999999")]
    [InlineData("expires=1893456060", "expires=9223372036854775807")]
    [InlineData("expires=1893456060&", "")]
    [InlineData("&sig=", "&more=1&sig=")]
    [InlineData("&sig=", "&disposition=inline&sig=")]
    [InlineData("&sig=", "&sig=A")]
    [InlineData("&sig=", "&sig=&gis=")]
    [InlineData("&sig=", "&sig=%00")]
    public void Changed_url_is_forged(string from, string to) =>
        Assert.Equal(SignedUrlStatus.Forged, Verify(_urls.Create(Part).Replace(from, to, StringComparison.Ordinal), "PUT", 5000).Status);

    [Theory]
    [InlineData("plain", "html")]
    [InlineData("attachment", "inline")]
    [InlineData("&type=text%2Fplain", "")]
    [InlineData("&sig=", "&type=text%2Fplain&sig=")]
    [InlineData("&sig=", "&size=1&sig=")]
    [InlineData("/get/", "/put/")]
    public void Changed_url_that_reads_is_forged(string from, string to) =>
        Assert.Equal(SignedUrlStatus.Forged, Verify(_urls.Create(Get).Replace(from, to, StringComparison.Ordinal), "GET", null).Status);

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    [InlineData("put")]
    public void Other_method_is_forged(string method) => Assert.Equal(SignedUrlStatus.Forged, Verify(_urls.Create(Put), method, 5000).Status);

    [Fact]
    public void Url_of_another_installation_is_forged() =>
        Assert.Equal(SignedUrlStatus.Forged, Verify(new SignedObjectUrl(RandomNumberGenerator.GetBytes(32), _time).Create(Put), "PUT", 5000).Status);

    [Theory]
    [InlineData("/")]
    [InlineData("/objects/v1/")]
    [InlineData("/objects/v1/part")]
    [InlineData("/objects/v1/part/x/y")]
    [InlineData("/objects/v1/get/?expires=1&sig=AAAA")]
    [InlineData("/objects/v1/get/a?expires=1&sig=====")]
    [InlineData("/objects/v1/get/a?%&=&&expires=1&sig=AAAA")]
    public void What_is_no_such_url_is_forged(string url) => Assert.Equal(SignedUrlStatus.Forged, Verify(url, "GET", null).Status);

    [Fact]
    public void Url_ends_at_its_second()
    {
        var url = _urls.Create(Put);
        _time.Advance(TimeSpan.FromSeconds(59.9));
        Assert.Equal(SignedUrlStatus.Valid, Verify(url, "PUT", 5000).Status);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(SignedUrlStatus.Expired, Verify(url, "PUT", 5000).Status);
        Assert.Equal(SignedUrlStatus.Forged, Verify(url.Replace("size=5000", "size=6000", StringComparison.Ordinal), "PUT", 6000).Status);
    }

    [Theory]
    [InlineData(4999L)]
    [InlineData(5001L)]
    [InlineData(null)]
    public void Body_of_another_or_unknown_size_is_told_apart(long? contentLength) =>
        Assert.Equal(new SignedUrlVerdict(SignedUrlStatus.WrongSize), Verify(_urls.Create(Put), "PUT", contentLength));

    private SignedUrlVerdict Verify(string url, string method, long? contentLength)
    {
        var pieces = url.Split('?', 2);
        return _urls.Verify(method, pieces[0], pieces.Length > 1 ? "?" + pieces[1] : null, contentLength);
    }
}

using GrainVault.Api.Files;
using Microsoft.Net.Http.Headers;

namespace GrainVault.Api.Tests.Files;

public sealed class ContentDispositionTests
{
    [Fact]
    public void Plain_name_needs_no_extended_form() =>
        Assert.Equal("attachment; filename=\"report 1.pdf\"", ContentDisposition.Attachment("report 1.pdf"));

    [Fact]
    public void Unicode_name_has_an_ascii_fallback_and_the_exact_name() =>
        Assert.Equal("attachment; filename=\"___ _.txt\"; filename*=UTF-8''%C3%BC%E2%82%AC%F0%9F%98%80%20%25.txt", ContentDisposition.Attachment("ü€😀 %.txt"));

    [Theory]
    [InlineData("a\"; filename=\"evil.exe")]
    [InlineData("a\r\nSet-Cookie: x=1")]
    [InlineData("back\\slash")]
    [InlineData("per%41cent")]
    [InlineData("semi;colon='quote'")]
    [InlineData("\u202etxt.exe")]
    [InlineData("日本語ファイル名.tar.gz")]
    [InlineData("e\u0301 combining")]
    public void Any_name_is_read_back_exactly_and_can_not_end_the_header(string name)
    {
        var header = ContentDisposition.Attachment(name);
        Assert.DoesNotContain(header, c => c is < ' ' or > '~');
        Assert.True(ContentDispositionHeaderValue.TryParse(header, out var parsed));
        Assert.Equal("attachment", parsed!.DispositionType.Value);
        var read = parsed.FileNameStar.HasValue ? parsed.FileNameStar : HeaderUtilities.RemoveQuotes(parsed.FileName);
        Assert.Equal(name, read.ToString());
        Assert.Equal(parsed.FileNameStar.HasValue ? 2 : 1, parsed.Parameters.Count);
    }
}

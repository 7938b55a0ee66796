using GrainVault.Api.Http;
using GrainVault.Links;

namespace GrainVault.Api.Tests.Http;

public sealed class SecretPathsTests
{
    [Theory]
    [InlineData("/s/TOKEN", "/s/***")]
    [InlineData("/s/TOKEN/content", "/s/***/content")]
    [InlineData("/S/TOKEN/files/f-0199c7a5-5bb6-7c9e-8000-0123456789ab/content", "/S/***/files/f-0199c7a5-5bb6-7c9e-8000-0123456789ab/content")]
    [InlineData("//s//TOKEN", "//s//***")]
    [InlineData("/v1/TOKEN", "/v1/***")]
    [InlineData("/TOKENTOKEN", "/***")]
    [InlineData("/s/short", "/s/***")]
    [InlineData("/s/", "/s/")]
    [InlineData("/", "/")]
    [InlineData("/v1/files/f-0199c7a5-5bb6-7c9e-8000-0123456789ab/content", "/v1/files/f-0199c7a5-5bb6-7c9e-8000-0123456789ab/content")]
    [InlineData("/v1/uploads/up-0199c7a5-5bb6-7c9e-8000-0123456789ab/parts/7", "/v1/uploads/up-0199c7a5-5bb6-7c9e-8000-0123456789ab/parts/7")]
    public void Token_is_masked_wherever_it_stands_and_ids_are_not(string path, string masked) =>
        Assert.Equal(masked, SecretPaths.Mask(path.Replace("TOKEN", LinkTokens.New(), StringComparison.Ordinal)));
}

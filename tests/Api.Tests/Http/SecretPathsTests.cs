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
    [InlineData("/v1/files/f-1/shares/bob@example.org", "/v1/files/f-1/shares/***")]
    [InlineData("/v1/files/f-1/shares/bob%40example.org/x", "/v1/files/f-1/shares/***/x")]
    [InlineData("/v1/files/by-path/Letters/To%20Bob.txt", "/v1/files/by-path/***")]
    [InlineData("/v1/Files/By-Path/s/@/TOKEN", "/v1/Files/By-Path/***")]
    [InlineData("/v1/files/by-path/", "/v1/files/by-path/")]
    [InlineData("/v1/files/f-0199c7a5-5bb6-7c9e-8000-0123456789ab/content", "/v1/files/f-0199c7a5-5bb6-7c9e-8000-0123456789ab/content")]
    [InlineData("/v1/uploads/up-0199c7a5-5bb6-7c9e-8000-0123456789ab/parts/7", "/v1/uploads/up-0199c7a5-5bb6-7c9e-8000-0123456789ab/parts/7")]
    public void Tokens_addresses_and_names_are_masked_wherever_they_stand_and_ids_are_not(string path, string masked) =>
        Assert.Equal(masked, SecretPaths.Mask(path.Replace("TOKEN", LinkTokens.New(), StringComparison.Ordinal)));
}

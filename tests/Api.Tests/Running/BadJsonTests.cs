using System.Net;
using System.Net.Http.Headers;
using System.Text;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

[Collection(RunningVault.Name)]
public sealed class BadJsonTests(VaultFixture fixture)
{
    public static TheoryData<string> Broken => new()
    {
        "", " ", "{", "}", "null", "7", "[]", "\"x\"", "{\"name\":", "{\"name\":\"x\",\"size\":1,}", "{'name':'x'}", "{\"name\":\"x\",\"size\":NaN}",
        "{\"name\":\"x\",\"size\":1}{}", "{\"name\":\"x\",\"size\":1,\"size\":1}", "{\"name\":\"x\",\"size\":1,\"more\":1}",
        "{\"name\":7,\"size\":1}", "{\"name\":\"x\",\"size\":true}", "{\"name\":\"\\ud800\",\"size\":1}", "{\"name\":\"x\" /* c */,\"size\":1}",
        "{\"name\":" + new string('[', 10_000), string.Concat(Enumerable.Repeat("{\"name\":", 5_000)),
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task Broken_json_is_400_at_every_endpoint(string json)
    {
        using var user = await fixture.SignUpAsync();
        var before = await user.StateAsync();
        foreach (var path in new[] { "/v1/uploads", "/v1/auth/signup", "/v1/auth/login", "/v1/auth/refresh", "/v1/auth/password", "/v1/folders" })
            await RefusedAsync(user.PostJsonAsync(path, json), 400, "invalid");
        Assert.Equal(before, await user.StateAsync());
    }

    [Fact]
    public async Task Invalid_utf8_is_400()
    {
        using var user = await fixture.SignUpAsync();
        using var content = new ByteArrayContent([.. "{\"name\":\""u8, 0xff, 0xfe, .. "\",\"size\":1}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        await RefusedAsync(user.Http.PostAsync("/v1/uploads", content), 400, "invalid");
    }

    [Theory]
    [InlineData(10 << 20)]
    [InlineData((64 << 10) + 1)]
    public async Task Oversized_json_is_413(int size)
    {
        using var user = await fixture.SignUpAsync();
        var json = "{\"name\":\"" + new string('x', size) + "\",\"size\":1}";
        foreach (var isChunked in new[] { false, true })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/uploads") { Content = new StringContent(json, Encoding.UTF8, "application/json") };
            request.Headers.TransferEncodingChunked = isChunked;
            await RefusedAsync(user.Http.SendAsync(request), 413, "too-large");
        }
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/problem+json")]
    [InlineData(null)]
    public async Task Other_media_type_is_415(string? mediaType)
    {
        using var user = await fixture.SignUpAsync();
        using var content = new ByteArrayContent("{\"name\":\"x\",\"size\":1}"u8.ToArray());
        content.Headers.ContentType = mediaType is null ? null : new MediaTypeHeaderValue(mediaType);
        await RefusedAsync(user.Http.PostAsync("/v1/uploads", content), 415, "unsupported-media-type");
    }

    [Fact]
    public async Task Unknown_path_and_method_are_problems()
    {
        using var user = await fixture.SignUpAsync();
        await RefusedAsync(user.Http.GetAsync("/"), 404, "not-found");
        await RefusedAsync(user.Http.GetAsync("/v1/nothing"), 404, "not-found");
        using var response = await user.Http.PatchAsync("/v1/uploads", null);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal("method-not-allowed", await ProblemAsync(response));
        Assert.Contains("POST", response.Content.Headers.Allow);
    }
}

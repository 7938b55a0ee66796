using System.Net;
using System.Text;
using System.Text.Json;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary><c>/v1/admin</c> as clients see it.</summary>
[Collection(RunningVault.Name)]
public sealed class AdminTests(VaultFixture fixture)
{
    public static TheoryData<string, string> Endpoints { get; } = new()
    {
        { "GET", "/v1/admin/users" },
        { "GET", "/v1/admin/users/u-00000000-0000-7000-8000-000000000000" },
        { "PATCH", "/v1/admin/users/u-00000000-0000-7000-8000-000000000000" },
        { "GET", "/v1/admin/users/u-00000000-0000-7000-8000-000000000000/sessions" },
        { "GET", "/v1/admin/uploads" },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Administration_is_for_administrators(string method, string path)
    {
        using var nobody = fixture.CreateClient();
        using var user = await fixture.SignUpAsync();
        await RefusedAsync(nobody.SendAsync(Request(method, path)), 401, "unauthorized");
        await RefusedAsync(user.Http.SendAsync(Request(method, path)), 403, "forbidden");
    }

    [Fact]
    public async Task Administrator_finds_a_user_and_changes_the_quota_at_once()
    {
        using var user = await fixture.SignUpAsync();
        var http = fixture.Administrator.Http;
        await user.PutFileAsync("a.txt", [1, 2, 3]);
        await user.CreateUploadAsync("b.txt", 10);

        var found = Assert.Single((await fixture.Administrator.GetJsonAsync($"/v1/admin/users?email={user.Email}")).GetProperty("users").EnumerateArray());
        Assert.Equal(user.UserId, IdOf(found));
        Assert.Equal(3, found.GetProperty("usedBytes").GetInt64());
        Assert.Equal(1, found.GetProperty("openSessions").GetInt64());
        Assert.True(found.TryGetProperty("lastSignInAt", out _));

        using var changed = await http.PatchAsync($"/v1/admin/users/{user.UserId}", Json("""{"quotaBytes":5}"""));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        await RefusedAsync(user.PostAsync("/v1/uploads", new { name = "c.txt", size = 1 }), 507, "quota-exceeded");
        Assert.Equal(5, (await user.GetJsonAsync("/v1/me")).GetProperty("quotaBytes").GetInt64());

        var session = Assert.Single((await fixture.Administrator.GetJsonAsync($"/v1/admin/users/{user.UserId}/sessions")).GetProperty("sessions").EnumerateArray());
        Assert.Equal((user.UserId, 10L), (session.GetProperty("ownerId").GetString(), session.GetProperty("reservedBytes").GetInt64()));
        Assert.Equal(JsonValueKind.Array, (await fixture.Administrator.GetJsonAsync("/v1/admin/uploads?limit=1")).GetProperty("sessions").ValueKind);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"quotaBytes":-1}""")]
    [InlineData("""{"quotaBytes":1e3}""")]
    [InlineData("""{"quotaBytes":9223372036854775807}""")]
    [InlineData("""{"quotaBytes":1,"roles":"admin"}""")]
    public async Task Wrong_change_is_refused(string json)
    {
        await RefusedAsync(fixture.Administrator.Http.PatchAsync($"/v1/admin/users/{fixture.Administrator.UserId}", Json(json)), 400, "invalid");
    }

    [Theory]
    [InlineData("/v1/admin/users?limit=0", 400, "invalid")]
    [InlineData("/v1/admin/users?cursor=AAAA", 400, "invalid")]
    [InlineData("/v1/admin/uploads?limit=1001", 400, "invalid")]
    [InlineData("/v1/admin/users/none", 404, "not-found")]
    [InlineData("/v1/admin/users/none/sessions", 404, "not-found")]
    public async Task Wrong_question_is_refused(string path, int status, string slug) =>
        await RefusedAsync(fixture.Administrator.Http.GetAsync(path), status, slug);

    private static HttpRequestMessage Request(string method, string path) =>
        new(new HttpMethod(method), path) { Content = method == "PATCH" ? Json("""{"quotaBytes":1}""") : null };

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");
}

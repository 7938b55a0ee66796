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
        { "GET", "/v1/admin/audit" },
        { "GET", "/v1/admin/storage-activity" },
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
        // What nobody has is not there, and no empty text.
        Assert.False(found.TryGetProperty("roles", out _) || (await user.GetJsonAsync("/v1/me")).TryGetProperty("roles", out _));
        Assert.Equal("admin", (await fixture.Administrator.GetJsonAsync("/v1/me")).GetProperty("roles").GetString());
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

    [Fact]
    public async Task Audit_shows_what_was_done_from_where_to_the_owner_and_to_administrators_alone()
    {
        using var user = await fixture.SignUpAsync();
        using var viewer = await fixture.SignUpAsync();
        user.Http.DefaultRequestHeaders.UserAgent.ParseAdd("audit-test/1.0");
        var file = await user.PutFileAsync("a.txt", [1, 2, 3]);
        using var shared = await user.Http.PutAsync($"/v1/files/{IdOf(file)}/shares/{viewer.UserId}", Json("""{"role":"viewer"}"""));
        Assert.Equal(HttpStatusCode.OK, shared.StatusCode);
        Assert.False((await JsonAsync(shared)).TryGetProperty("email", out _));
        for (var i = 0; i < 3; i++)
            Assert.Equal([1, 2, 3], await viewer.Http.GetByteArrayAsync($"/v1/files/{IdOf(file)}/content"));

        JsonElement[] rows = [];
        await TestKit.Processes.Eventually.TrueAsync(
            async () =>
            {
                rows = [.. (await user.GetJsonAsync($"/v1/audit?entryId={IdOf(file)}")).GetProperty("rows").EnumerateArray()];
                return rows.Length == 3;
            },
            TimeSpan.FromSeconds(30),
            () => "the download is not in the audit");
        Assert.Equal(["download", "share", "upload"], rows.Select(row => row.GetProperty("action").GetString()));
        Assert.Equal(viewer.UserId, rows[0].GetProperty("actorId").GetString());
        Assert.Equal(viewer.UserId, rows[1].GetProperty("detail").GetProperty("userId").GetString());
        Assert.Equal(("127.0.0.1", "audit-test/1.0", "a.txt"), (rows[2].GetProperty("address").GetString(), rows[2].GetProperty("userAgent").GetString(), rows[2].GetProperty("entryName").GetString()));
        Assert.Equal(shared.Headers.GetValues("X-Request-Id").Single(), rows[1].GetProperty("requestId").GetString());

        Assert.Empty((await viewer.GetJsonAsync($"/v1/audit?entryId={IdOf(file)}")).GetProperty("rows").EnumerateArray());
        var seen = await fixture.Administrator.GetJsonAsync($"/v1/admin/audit?userId={user.UserId}&action=upload");
        Assert.Equal(IdOf(file), Assert.Single(seen.GetProperty("rows").EnumerateArray()).GetProperty("entryId").GetString());
        foreach (var wrong in new[] { "limit=0", "cursor=AAAA", "from=yesterday" })
            await RefusedAsync(user.Http.GetAsync($"/v1/audit?{wrong}"), 400, "invalid");
    }

    [Fact]
    public async Task Storage_activity_shows_the_calls_of_the_store()
    {
        using var user = await fixture.SignUpAsync();
        var before = DateTimeOffset.UtcNow.AddSeconds(-1).ToString("O");
        await user.PutFileAsync("a.txt", [1, 2, 3]);

        JsonElement[] calls = [];
        await TestKit.Processes.Eventually.TrueAsync(
            async () =>
            {
                var page = await fixture.Administrator.GetJsonAsync($"/v1/admin/storage-activity?operation=put&outcome=ok&from={Uri.EscapeDataString(before)}");
                calls = [.. page.GetProperty("calls").EnumerateArray()];
                return calls.Length > 0;
            },
            TimeSpan.FromSeconds(30),
            () => "no call was written down");

        Assert.All(calls, call => Assert.Equal(("put", "ok"), (call.GetProperty("operation").GetString(), call.GetProperty("outcome").GetString())));
        var key = calls[0].GetProperty("objectKey").GetString()!;
        var ofKey = await fixture.Administrator.GetJsonAsync($"/v1/admin/storage-activity?objectKey={Uri.EscapeDataString(key)}");
        Assert.All(ofKey.GetProperty("calls").EnumerateArray(), call => Assert.Equal(key, call.GetProperty("objectKey").GetString()));
        Assert.True(calls[0].GetProperty("durationMs").GetDouble() > 0);
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

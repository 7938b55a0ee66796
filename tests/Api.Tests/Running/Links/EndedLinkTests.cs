using System.Net;
using System.Text.RegularExpressions;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running.Links;

/// <summary>A link that is over, for whatever reason, is one that never was.</summary>
[Collection(RunningVault.Name)]
public sealed partial class EndedLinkTests(VaultFixture fixture)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Used_up_expired_and_revoked_links_answer_as_one_that_never_was()
    {
        using var owner = await fixture.SignUpAsync();
        using var visitor = fixture.CreateVisitor();
        var file = IdOf(await owner.PutFileAsync("x", [1]));
        var (_, expired) = await owner.MakeLinkAsync(file, new { password = "sesame", expiresAt = DateTimeOffset.UtcNow.AddSeconds(1.5) });
        var (_, used) = await owner.MakeLinkAsync(file, new { password = "sesame", maxDownloads = 1 });
        var (id, revoked) = await owner.MakeLinkAsync(file, new { password = "sesame" });
        using var counted = await visitor.VisitAsync($"/s/{used}/content", ("X-Link-Password", "sesame"));
        Assert.Equal(HttpStatusCode.OK, counted.StatusCode);
        using (var ended = await owner.Http.DeleteAsync($"/v1/links/{id}"))
            Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        var start = TimeProvider.System.GetTimestamp();
        while ((await DescribeAsync(visitor, expired, HttpMethod.Get, "/content")).StartsWith("401", StringComparison.Ordinal))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Deadline, "the link expires");
            await Task.Delay(50);
        }

        var never = new string('A', 43);
        foreach (var (method, path, headers) in Requests())
        {
            var expected = await DescribeAsync(visitor, never, method, path, headers);
            Assert.StartsWith("404", expected, StringComparison.Ordinal);
            foreach (var token in new[] { used, expired, revoked })
                Assert.Equal(expected, await DescribeAsync(visitor, token, method, path, headers));
        }

        // Who has begun goes on.
        using var again = await visitor.VisitAsync($"/s/{used}/content", ("X-Download-Ticket", counted.Headers.GetValues("X-Download-Ticket").Single()));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    private static IEnumerable<(HttpMethod Method, string Path, (string, string)[] Headers)> Requests()
    {
        yield return (HttpMethod.Get, "", []);
        yield return (HttpMethod.Get, "", [("Accept", "text/html")]);
        yield return (HttpMethod.Head, "", []);
        foreach (var password in new[] { "sesame", "wrong" })
        {
            yield return (HttpMethod.Post, "", [("Cookie", $"gv-form={new string('A', 43)}"), ("Form", password)]);
            yield return (HttpMethod.Post, "", [("Cookie", $"gv-form={new string('A', 43)}"), ("Form", password), ("Accept", "text/html")]);
            yield return (HttpMethod.Get, "/content", [("X-Link-Password", password)]);
        }

        yield return (HttpMethod.Get, "/content", []);
        yield return (HttpMethod.Head, "/content", []);
        yield return (HttpMethod.Get, "/content?ticket=x", [("X-Link-Password", "sesame")]);
        yield return (HttpMethod.Get, "/content", [("Range", "bytes=0-"), ("Cookie", "gv-ticket=x; gv-link=x")]);
        yield return (HttpMethod.Get, "/files", []);
        yield return (HttpMethod.Post, "/uploads", []);
    }

    /// <summary>Status, headers and body, without what differs from one request to the next.</summary>
    private static async Task<string> DescribeAsync(HttpClient visitor, string token, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, $"/s/{token}{path}");
        foreach (var (name, value) in headers)
        {
            if (name == "Form")
                request.Content = new FormUrlEncodedContent([new("form", new string('A', 43)), new("password", value)]);
            else
                request.Headers.TryAddWithoutValidation(name, value);
        }

        if (path == "/uploads")
            request.Content = new StringContent("""{"name":"x","size":1}""", null, "application/json");
        using var response = await visitor.SendAsync(request);
        var told = response.Headers.Concat(response.Content.Headers).Where(header => !IsCounted(header.Key))
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}").Order(StringComparer.Ordinal);
        var body = Ids().Replace(await response.Content.ReadAsStringAsync(), "");
        return $"{(int)response.StatusCode}\n{string.Join('\n', told)}\n{body}".Replace(token, "TOKEN", StringComparison.Ordinal);
    }

    private static bool IsCounted(string header) => header.ToUpperInvariant() is "DATE" or "X-REQUEST-ID" or "RATELIMIT-REMAINING" or "RATELIMIT-RESET";

    [GeneratedRegex("\"(?:traceId|requestId)\":\"[^\"]*\"")]
    private static partial Regex Ids();
}

using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using GrainVault.Api.Tests.Running;
using GrainVault.TestKit.Processes;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Watching;

[Collection(RunningVault.Name)]
public sealed partial class MetricsTests(VaultFixture fixture)
{
    [Fact]
    public async Task Metrics_are_for_administrators_and_scrapers_with_the_token()
    {
        using var http = fixture.CreateClient();
        using var user = await fixture.SignUpAsync();
        await RefusedAsync(http.GetAsync("/metrics"), 401, "unauthorized");
        await RefusedAsync(user.Http.GetAsync("/metrics"), 403, "forbidden");

        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", VaultFixture.MetricsToken + "x");
        await RefusedAsync(http.GetAsync("/metrics"), 401, "unauthorized");

        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", VaultFixture.MetricsToken);
        using var response = await http.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.True(Scrape.Parse(await response.Content.ReadAsStringAsync()).Samples.Count > 100);
        Assert.True((await fixture.ScrapeAsync()).Samples.Count > 100);
    }

    [Fact]
    public async Task Part_is_counted_once_with_its_bytes_its_store_call_and_its_grain_calls()
    {
        using var user = await fixture.SignUpAsync();
        var content = new byte[123_457];
        var upload = await user.CreateUploadAsync("counted", content.Length);
        var before = await fixture.ScrapeAsync();

        using var part = await user.PutPartAsync(IdOf(upload), 1, content);

        Assert.True(part.IsSuccessStatusCode);
        var after = await fixture.ScrapeAsync();
        Assert.Equal(1, Grown("grainvault_parts_total"));
        Assert.Equal(content.Length, Grown("grainvault_parts_size_bytes_total"));
        Assert.Equal(content.Length, Grown("grainvault_store_written_bytes_total"));
        Assert.Equal(1, Grown("grainvault_store_operation_duration_seconds_count", ("operation", "put"), ("outcome", "ok")));
        Assert.Equal(1, Grown("grainvault_grain_call_duration_seconds_count", ("grain", "IPartWriterGrain"), ("method", "WritePartAsync"), ("outcome", "ok")));
        Assert.Equal(1, Grown("http_server_request_duration_seconds_count", ("http_route", "/v1/uploads/{id}/parts/{number}"), ("http_response_status_code", "200")));
        Assert.True(after.Sum("orleans_grains", ("type", "GrainVault.Uploads.UploadSessionGrain")) >= 1);
        Assert.Equal(0, after.Sum("grainvault_admission_size_bytes"));

        double Grown(string name, params (string, string)[] labels) => after.Sum(name, labels) - before.Sum(name, labels);
    }

    [Fact]
    public async Task Metrics_name_neither_ids_nor_addresses_of_users_nor_passwords()
    {
        using var user = await fixture.SignUpAsync();
        await user.PutFileAsync("some file", [1, 2, 3]);

        var text = await fixture.ScrapeTextAsync();

        Assert.DoesNotMatch(UuidPattern(), text);
        Assert.DoesNotContain(user.UserId, text, StringComparison.Ordinal);
        Assert.DoesNotContain("Host=", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Password=", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@example.org", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenMetrics_is_sent_to_who_asks_for_it()
    {
        using var http = fixture.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", VaultFixture.MetricsToken);
        request.Headers.TryAddWithoutValidation("Accept", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3");

        using var response = await http.SendAsync(request);

        Assert.Equal("application/openmetrics-text", response.Content.Headers.ContentType?.MediaType);
        var text = await response.Content.ReadAsStringAsync();
        Assert.EndsWith("# EOF\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE grainvault_parts counter\ngrainvault_parts_total ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_name_in_dashboards_and_alerts_is_a_metric_or_a_label_of_the_running_system()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("watched", PartSize + 1);
        foreach (var (number, size) in new[] { (1, PartSize), (2, 1) })
            (await user.PutPartAsync(IdOf(upload), number, new byte[size])).Dispose();
        (await user.CompleteAsync(IdOf(upload))).Dispose();

        var scrape = await fixture.ScrapeAsync();

        // What Prometheus adds to each target.
        var labels = scrape.Labels.Concat(["instance", "job"]).ToHashSet(StringComparer.Ordinal);
        var queries = WatchedQueries.Read(Repository.Root);
        Assert.True(queries.Count > 20, $"only {queries.Count} queries were found");
        var unknown = queries.SelectMany(query => PromQuery.Parse(query.Expression) is var parsed
            ? parsed.Metrics.Except(scrape.Names).Concat(parsed.Labels.Except(labels)).Select(name => $"{query.File}: {name} in {query.Expression}")
            : []);
        Assert.Equal("", string.Join('\n', unknown));
        Assert.All(queries, query => Assert.NotEmpty(PromQuery.Parse(query.Expression).Metrics));
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-")]
    private static partial Regex UuidPattern();
}

using System.Diagnostics;
using System.Net;
using System.Text;
using GrainVault.Api.Tests.Running;
using GrainVault.TestKit.Otlp;
using GrainVault.TestKit.Processes;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Watching;

public sealed class TraceTests
{
    [Fact]
    public async Task Upload_is_one_trace_from_the_request_through_grains_to_database_and_store_and_holds_no_secret()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var vault = await VaultProcess.StartAsync(new Dictionary<string, string>
        {
            ["GrainVault__Telemetry__OtlpEndpoint"] = collector.Address,
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        });
        using var user = await SignUpAsync(vault.CreateClient());
        var (trace, parent) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/files?name=name-of-{trace}&token=secret-of-{trace}")
        {
            Content = new ByteArrayContent([1, 2, 3]),
        };
        request.Headers.Add("traceparent", $"00-{trace}-{parent}-01");
        using var response = await user.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        using var refused = await user.Http.PostAsync("/v1/auth/login", System.Net.Http.Json.JsonContent.Create(new { email = user.Email, password = $"wrong {user.Password}" }));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        await Eventually.TrueAsync(
            () => Task.FromResult(collector.Spans.Any(span => span.Name == "POST /v1/auth/login")), TimeSpan.FromSeconds(30), () => "the login has no span");
        var spans = await SpanTree.CompleteAsync(collector, trace, parent);

        var root = spans.Root;
        Assert.Equal(("Microsoft.AspNetCore", "POST /v1/files", Span.Server), (root.Source, root.Name, root.Kind));
        Assert.Equal("201", root.Attributes["http.response.status_code"]);
        Assert.Equal("/v1/files", root.Attributes["http.route"]);
        Assert.Equal(response.Headers.GetValues("X-Request-Id").Single(), root.Attributes["grainvault.request_id"]);
        CheckParents(spans);
        CheckSecrets(collector, user, trace);
        Assert.DoesNotContain(collector.Spans, span => span.Name.Contains("healthz", StringComparison.Ordinal) || span.Name.StartsWith("IRevocationGrain", StringComparison.Ordinal));
    }

    private static void CheckParents(SpanTree trace)
    {
        var store = Assert.Single(trace.Spans, span => span.Source == "GrainVault.Storage");
        Assert.Equal("put", store.Name);
        var path = trace.AncestorsOf(store);
        Assert.Equal(
            [("GrainVault.Grains", "file.write"), (SpanTree.Calls, "IPartWriterGrain/WriteFileAsync"), (SpanTree.Calls, "IPartWriterGrain/WriteFileAsync"), ("Microsoft.AspNetCore", trace.Root.Name)],
            path.Select(span => (span.Source, span.Name)));
        Assert.Equal([Span.Server, Span.Client], path.Skip(1).Take(2).Select(span => span.Kind));

        var statements = trace.Spans.Where(span => span.Source == "Npgsql").ToList();
        Assert.NotEmpty(statements);
        Assert.Contains(statements, statement => trace.AncestorsOf(statement).Any(span => span.Name == "IFileGrain/CommitVersionAsync"));
        Assert.All(statements, statement => Assert.Contains(statement.Attributes["db.npgsql.data_source"], new[] { "catalogue", "identity" }));
    }

    private static void CheckSecrets(OtlpReceiver collector, Account user, string trace)
    {
        string[] secrets = [$"secret-of-{trace}", $"name-of-{trace}", user.AccessToken, user.RefreshToken, user.Password, user.Email, "Password=", "Host="];
        foreach (var body in collector.Bodies)
        {
            var text = Encoding.Latin1.GetString(body);
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        }
    }
}

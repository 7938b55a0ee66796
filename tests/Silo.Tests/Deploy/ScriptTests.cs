using System.Security.Cryptography;
using System.Text.RegularExpressions;
using GrainVault.Silo.Tests.Tidy;
using GrainVault.Silo.Tests.Up;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace GrainVault.Silo.Tests.Deploy;

/// <summary>The scripts of <c>deploy/</c>, run.</summary>
public sealed partial class ScriptTests
{
    private const string PartBytesOfSmokeTest = "70000";

    [Fact]
    public async Task Smoke_test_gets_every_byte_back_from_a_system_that_works()
    {
        await using var up = new UpRun();
        await up.StartAndWaitAsync();

        var (code, output) = await RunAsync("smoke.sh", [up.Address]);

        Assert.True(code == 0, output);
        Assert.Contains("in 3 parts", output, StringComparison.Ordinal);
        Assert.Contains("gave every byte back", output, StringComparison.Ordinal);
        Assert.Equal(0, await up.StopAsync());
    }

    [Theory]
    [InlineData(Fault.None, 0, "gave every byte back")]
    [InlineData(Fault.FlippedBit, 1, "the file came back with SHA-256")]
    [InlineData(Fault.WrongRange, 1, "differ")]
    [InlineData(Fault.LostPart, 1, "part 1: status 409 instead of 200")]
    [InlineData(Fault.NotReady, 1, "was not ready within 1 s")]
    public async Task Smoke_test_fails_where_a_byte_or_an_answer_is_wrong(Fault fault, int expectedCode, string expectedOutput)
    {
        await using var server = await StartServerAsync(fault);

        var (code, output) = await RunAsync("smoke.sh", [server.Urls.Single()], ("SMOKE_SIZE_BYTES", PartBytesOfSmokeTest), ("SMOKE_READY_SECONDS", "1"));

        Assert.Contains(expectedOutput, output, StringComparison.Ordinal);
        Assert.Equal(expectedCode, code);
    }

    [Theory]
    [InlineData(Fault.None, 0)]
    [InlineData(Fault.NotReady, 1)]
    public async Task Health_check_tells_ready_from_not_ready(Fault fault, int expectedCode)
    {
        await using var server = await StartServerAsync(fault);

        var (code, output) = await RunAsync("healthcheck", [$"{new Uri(server.Urls.Single()).Port}"]);

        Assert.True(code == expectedCode, output);
    }

    [Fact]
    public async Task Health_check_fails_where_nothing_listens()
    {
        var (code, _) = await RunAsync("healthcheck", [$"{GrainVault.Silo.Postgres.LoopbackPorts.FindFree()}"]);

        Assert.NotEqual(0, code);
    }

    [Fact]
    public async Task Secrets_that_Compose_needs_are_made_once_and_stay_their_owners()
    {
        using var folder = new TestFolder();
        var file = folder[".env"];
        await File.WriteAllTextAsync(file, "GRAINVAULT_CLUSTER_SECRET=chosen by hand");

        var (code, output) = await RunAsync("make-env", [file]);
        Assert.True(code == 0, output);
        var first = await File.ReadAllTextAsync(file);
        var (again, _) = await RunAsync("make-env", [file]);

        Assert.Equal(0, again);
        Assert.Equal(first, await File.ReadAllTextAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var values = first.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.Equal("chosen by hand", values["GRAINVAULT_CLUSTER_SECRET"]);
        var required = ComposeFile.Variables(SourceTree.Text("docker-compose.yml")).Where(variable => variable.How == ":?").Select(variable => variable.Name).Distinct();
        Assert.Equal(required.Order(), values.Keys.Order());
        Assert.Equal(values.Count, values.Values.Distinct().Count());
        Assert.Equal(32, Convert.FromBase64String(values["GRAINVAULT_SIGNING_KEY"]).Length);
        Assert.All(values.Values, value => Assert.DoesNotContain('$', value));
    }

    [Fact]
    public void Scripts_can_be_run_and_stop_at_the_first_failure()
    {
        var scripts = SourceTree.Files.Where(file => file.StartsWith("deploy/", StringComparison.Ordinal) && SourceTree.Text(file).StartsWith("#!", StringComparison.Ordinal)).ToList();

        Assert.Equal(["deploy/healthcheck", "deploy/make-env", "deploy/postgres/10-role.sh", "deploy/smoke.sh"], scripts);
        Assert.All(scripts, script =>
        {
            Assert.True(File.GetUnixFileMode(Path.Combine(Repository.Root, script)).HasFlag(UnixFileMode.UserExecute), script);
            Assert.Matches(StopsAtFailures(), SourceTree.Text(script));
        });
    }

    public enum Fault
    {
        None,
        FlippedBit,
        WrongRange,
        LostPart,
        NotReady,
    }

    private static async Task<(int Code, string Output)> RunAsync(string script, string[] arguments, params (string Key, string Value)[] settings)
    {
        using var folder = new TestFolder();
        await using var run = ProgramRun.Start(
            Path.Combine(Repository.Root, "deploy", script), folder.Path, settings.ToDictionary(setting => setting.Key, setting => setting.Value), asOrdinaryUser: false, arguments);
        var code = await run.WaitForExitAsync();
        return (code, $"{run.Output}\n{run.Errors}");
    }

    /// <summary>A server that says what GrainVault says to the smoke test, and does one thing wrong.</summary>
    private static async Task<WebApplication> StartServerAsync(Fault fault)
    {
        var content = Array.Empty<byte>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/healthz/ready", () => Results.StatusCode(fault == Fault.NotReady ? 503 : 200));
        app.MapPost("/v1/auth/signup", () => Results.Json(new { userId = "u-1", accessToken = "t" }, statusCode: 201));
        app.MapPost("/v1/uploads", () => Results.Json(new { id = "up-1", partSize = 8 << 20, partCount = 1 }, statusCode: 201));
        app.MapPut("/v1/uploads/up-1/parts/1", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            content = body.ToArray();
            var isIntact = request.Headers["X-Checksum-Sha256"] == Convert.ToHexStringLower(SHA256.HashData(content));
            return Results.StatusCode(fault == Fault.LostPart ? 409 : isIntact ? 200 : 422);
        });
        app.MapPost("/v1/uploads/up-1/complete", () => Results.Json(new { id = "f-1" }, statusCode: 201));
        app.MapGet("/v1/files/f-1/content", (HttpRequest request) =>
        {
            var isRange = request.Headers.Range.Count > 0;
            var copy = content.ToArray();
            if (fault == (isRange ? Fault.WrongRange : Fault.FlippedBit))
                copy[100] ^= 1;
            return Results.Bytes(copy, enableRangeProcessing: true);
        });
        app.MapDelete("/v1/files/f-1", () => Results.NoContent());
        await app.StartAsync();
        return app;
    }

    [GeneratedRegex(@"^set -eu", RegexOptions.Multiline)]
    private static partial Regex StopsAtFailures();
}

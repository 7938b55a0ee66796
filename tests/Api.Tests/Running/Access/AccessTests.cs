using System.Net;
using System.Text.Json.Nodes;
using GrainVault.TestKit.Processes;
using Xunit.Abstractions;

namespace GrainVault.Api.Tests.Running.Access;

/// <summary>
/// Who may do what with a file in each of its states: <see cref="AccessTable"/> against the running system, and
/// <c>docs/access.md</c> against the table.
/// </summary>
[Collection(RunningVault.Name)]
public sealed class AccessTests(VaultFixture fixture, ITestOutputHelper output)
{
    private static readonly HashSet<string> OfThisRequest = new(["Date", "X-Request-Id", "RateLimit-Remaining", "RateLimit-Reset"], StringComparer.OrdinalIgnoreCase);

    public static TheoryData<string> States => new(AccessTable.States);

    [Theory]
    [MemberData(nameof(States))]
    public async Task Everybody_may_do_what_the_table_says_and_nothing_that_is_refused_changes_anything(string state)
    {
        await using var cast = await Cast.GatherAsync(fixture);
        var found = AccessOperation.All.ToDictionary(operation => operation.Name, _ => new List<string>());
        var stage = await AccessStage.SetAsync(cast, state);
        foreach (var principal in Enum.GetValues<Principal>())
        {
            var before = await stage.SnapshotAsync();
            foreach (var operation in AccessOperation.All)
            {
                if (principal == Principal.FormerOwner && state != "transferred")
                {
                    found[operation.Name].Add("-");
                    continue;
                }

                using var response = await stage.ClientOf(principal).SendAsync(operation.Request(stage, principal));
                found[operation.Name].Add((int)response.StatusCode < 400 ? "yes" : $"{(int)response.StatusCode}");
                if (operation.Effect == AccessEffect.None || (int)response.StatusCode >= 400)
                    continue;
                if (operation.Effect == AccessEffect.Rights)
                    stage = await AccessStage.SetAsync(cast, state);
                before = await stage.SnapshotAsync();
            }

            Assert.Equal(before, await stage.SnapshotAsync());
        }

        foreach (var (name, answers) in found)
            output.WriteLine($"{name,-36}| {string.Join(' ', answers.Select(answer => $"{answer,-4}"))}".TrimEnd());
        Assert.All(found, line => Assert.Equal($"{line.Key}: {string.Join(' ', AccessTable.Of(state, line.Key))}", $"{line.Key}: {string.Join(' ', line.Value)}"));
    }

    [Theory]
    [InlineData(nameof(Principal.Stranger))]
    [InlineData(nameof(Principal.Visitor))]
    [InlineData(nameof(Principal.Administrator))]
    public async Task Private_file_answers_who_has_no_right_as_one_that_never_was(string name)
    {
        var principal = Enum.Parse<Principal>(name);
        await using var cast = await Cast.GatherAsync(fixture);
        var hidden = await AccessStage.SetAsync(cast, "private");
        var gone = await AccessStage.SetAsync(cast, "purged");
        foreach (var operation in AccessOperation.All)
        {
            using var there = await hidden.ClientOf(principal).SendAsync(operation.Request(hidden, principal));
            using var notThere = await gone.ClientOf(principal).SendAsync(operation.Request(gone, principal));
            // Their folders are there both times, and as private.
            Assert.Equal($"{operation.Name}: {await SeenAsync(notThere)}", $"{operation.Name}: {await SeenAsync(there)}");
        }
    }

    [Fact]
    public void Printed_table_is_the_tested_one()
    {
        var path = Path.Combine(Repository.Root, "docs", "access.md");
        var text = AccessTable.Print();
        if (Environment.GetEnvironmentVariable("GRAINVAULT_WRITE_DOCS") == "1")
            File.WriteAllText(path, text);
        Assert.Equal(File.ReadAllText(path), text);
    }

    /// <summary>Everything that a client sees, but for what differs with every request.</summary>
    private static async Task<string> SeenAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        if (body.Length > 0 && response.Content.Headers.ContentType?.MediaType == "application/problem+json")
        {
            var problem = JsonNode.Parse(body)!.AsObject();
            problem.Remove("traceId");
            problem.Remove("requestId");
            body = problem.ToJsonString();
        }
        else if (response.StatusCode == HttpStatusCode.OK)
        {
            body = "";
        }

        var headers = response.Headers.Concat(response.Content.Headers)
            .Where(header => !OfThisRequest.Contains(header.Key))
            .Select(header => $"{header.Key}: {string.Join(',', header.Value)}").Order(StringComparer.Ordinal);
        return $"{(int)response.StatusCode} {string.Join("; ", headers)} {body}";
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;

namespace GrainVault.Silo.Tests.Cluster;

/// <summary>What administrators see of three silos and a front end without one.</summary>
public sealed class ClusterStatusTests
{
    private static readonly (string, string) FirstIsAdministrator = ("Auth:FirstAccountIsAdmin", "true");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Page_adds_up_three_silos_and_a_front_end_and_notices_who_was_killed_and_who_was_stopped()
    {
        await using var database = await PostgresDatabase.CreateAsync();
        await using var first = await ClusterProgram.StartSiloAsync(database, FirstIsAdministrator);
        await first.WaitUntilReadyAsync();
        await using var second = await ClusterProgram.StartSiloAsync(database, FirstIsAdministrator);
        await using var third = await ClusterProgram.StartSiloAsync(database, FirstIsAdministrator);
        await using var frontEnd = await ClusterProgram.StartFrontEndAsync(database);
        foreach (var process in new[] { second, third, frontEnd })
            await process.WaitUntilReadyAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = frontEnd.Address };
        await SignUpAsync(http);

        var status = await WaitForAsync(http, status => Count(status, "siloCount") == 3 && Count(status, "frontEndCount") == 1 && Count(status, "reminderCount") == 16);

        Assert.Equal(["frontEnd", "silo", "silo", "silo"], Processes(status).Select(process => process.GetProperty("role").GetString()).Order());
        Assert.All(Processes(status), process => Assert.Equal("running", process.GetProperty("state").GetString()));
        Assert.Equal(["Active", "Active", "Active"], status.GetProperty("members").EnumerateArray().Select(member => member.GetProperty("status").GetString()));
        // The sums are those of the processes, which each see only their own.
        foreach (var sum in new[] { "activationCount", "reminderCount", "bytesInFlight" })
            Assert.Equal(Count(status, sum), Processes(status).Sum(process => process.GetProperty(sum).GetInt64()));
        Assert.Equal(Count(status, "activationCount"), status.GetProperty("activations").EnumerateArray().Sum(type => type.GetProperty("count").GetInt64()));
        await CheckMetricsAsync(first);

        await second.Run.SignalAsync("KILL");
        await third.Run.SignalAsync("TERM");
        await third.Run.WaitForExitAsync();

        status = await WaitForAsync(http, status => Count(status, "siloCount") == 1 && Count(status, "reminderCount") == 16);
        var left = Assert.Single(Processes(status), process => process.GetProperty("role").GetString() == "silo" && process.GetProperty("state").GetString() == "running");
        Assert.EndsWith($":{first.Run.Id}", left.GetProperty("name").GetString(), StringComparison.Ordinal);
    }

    /// <summary>A silo answers its own machine, at the address of its health.</summary>
    private static async Task CheckMetricsAsync(ClusterProgram silo)
    {
        var text = await silo.WaitForAsync("/metrics", HttpStatusCode.OK, "grainvault_build_info{");
        Assert.Contains("orleans_grains{", text, StringComparison.Ordinal);
        Assert.Contains("grainvault_grain_call_duration_seconds_count{grain=\"", text, StringComparison.Ordinal);
        Assert.Contains("orleans_reminders_active ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Password=", text, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task SignUpAsync(HttpClient http)
    {
        using var response = await http.PostAsJsonAsync("/v1/auth/signup", new { email = "first@example.org", password = $"pass {Guid.NewGuid():n}" });
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var token = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("accessToken").GetString();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    private static async Task<JsonElement> WaitForAsync(HttpClient http, Func<JsonElement, bool> isThere)
    {
        var text = "";
        JsonElement status = default;
        await Eventually.TrueAsync(
            async () =>
            {
                // While silos go, a call may meet one that is gone.
                using var response = await http.GetAsync("/cluster/status");
                text = await response.Content.ReadAsStringAsync();
                if (response.StatusCode != HttpStatusCode.OK)
                    return response.StatusCode == HttpStatusCode.ServiceUnavailable ? false : throw new InvalidOperationException($"{response.StatusCode}: {text}");
                status = JsonDocument.Parse(text).RootElement;
                return isThere(status);
            },
            Patience,
            () => text);
        return status;
    }

    private static JsonElement.ArrayEnumerator Processes(JsonElement status) => status.GetProperty("processes").EnumerateArray();

    private static long Count(JsonElement status, string name) => status.GetProperty(name).GetInt64();
}

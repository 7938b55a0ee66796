using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running.Cluster;

/// <summary>What is changed through one front end is told by the other.</summary>
[Collection(RunningCluster.Name)]
public sealed class SharedFeedTests(ClusterFixture fixture)
{
    [Fact]
    public async Task Change_at_one_front_end_is_told_by_the_other_to_who_waits_and_to_who_streams()
    {
        using var owner = await fixture.SignUpAsync(frontEnd: 1);
        using var reader = await fixture.SignUpAsync(frontEnd: 2);
        var cursor = (await reader.GetJsonAsync("/v1/changes?cursor=now")).GetProperty("cursor").GetString()!;
        var folder = IdOf(await owner.MakeFolderAsync("folder"));
        string? last;
        using (var events = await EventReader.OpenAsync(fixture.CreateClient(frontEnd: 2), reader, null))
        {
            var waiting = reader.GetJsonAsync($"/v1/changes?cursor={cursor}&wait=30");
            using var shared = await owner.Http.PutAsJsonAsync($"/v1/files/{folder}/shares/{reader.UserId}", new { role = "viewer" });
            Assert.Equal(HttpStatusCode.OK, shared.StatusCode);
            Assert.Equal(folder, Only(await waiting));
            var told = await events.NextAsync("changes");
            Assert.Equal(folder, Only(told.Data));
            last = told.Id;
        }

        // Cut off from that front end, he comes back through the one where it was changed meanwhile.
        var missed = IdOf(await owner.MakeFolderAsync("missed", folder));
        using (var events = await EventReader.OpenAsync(fixture.CreateClient(frontEnd: 1), reader, last))
        {
            var told = await events.NextAsync("changes");
            Assert.Equal(missed, Only(told.Data));
            last = told.Id;
        }

        using (var events = await EventReader.OpenAsync(fixture.CreateClient(frontEnd: 2), reader, last))
        {
            var next = IdOf(await owner.MakeFolderAsync("next", folder));
            Assert.Equal(next, Only((await events.NextAsync("changes")).Data));
        }
    }

    private static string Only(JsonElement page) => IdOf(Assert.Single(page.GetProperty("changes").EnumerateArray()));
}

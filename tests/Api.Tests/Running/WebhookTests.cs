using System.Net;
using System.Net.Http.Json;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>Webhooks as clients see them; what is delivered is tested with the grains.</summary>
[Collection(RunningVault.Name)]
public sealed class WebhookTests(VaultFixture fixture)
{
    [Fact]
    public async Task Webhook_is_made_switched_listed_and_removed_and_the_audit_tells_of_it()
    {
        using var user = await fixture.SignUpAsync();
        using var stranger = await fixture.SignUpAsync();
        using var made = await user.PostAsync("/v1/webhooks", new { url = "https://hooks.example.org/vault?key=x" });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var id = IdOf(await JsonAsync(made));
        foreach (var (enabled, reason) in ((bool, string?)[])[(false, "user"), (false, "user"), (true, null)])
        {
            using var switched = await user.Http.PatchAsJsonAsync($"/v1/webhooks/{id}", new { enabled });
            Assert.Equal(HttpStatusCode.OK, switched.StatusCode);
            var webhook = await JsonAsync(switched);
            Assert.Equal(reason, webhook.TryGetProperty("disabledBecause", out var because) ? because.GetString() : null);
            Assert.Equal(enabled, !webhook.TryGetProperty("disabledAt", out _));
            Assert.False(webhook.TryGetProperty("secret", out _));
        }

        await RefusedAsync(user.Http.PatchAsJsonAsync($"/v1/webhooks/{id}", new { }), 400, "invalid");
        await RefusedAsync(stranger.Http.PatchAsJsonAsync($"/v1/webhooks/{id}", new { enabled = false }), 404, "not-found");
        await RefusedAsync(stranger.Http.DeleteAsync($"/v1/webhooks/{id}"), 404, "not-found");
        using var removed = await user.Http.DeleteAsync($"/v1/webhooks/{id}");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        await RefusedAsync(user.Http.PatchAsJsonAsync($"/v1/webhooks/{id}", new { enabled = true }), 404, "not-found");

        var rows = (await user.GetJsonAsync("/v1/audit")).GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("action").GetString()).ToList();
        Assert.Equal(["webhook-delete", "webhook-enable", "webhook-disable", "webhook-create"], rows.Take(4));
    }
}

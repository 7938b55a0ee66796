using GrainVault.Grains.Tests.Support;
using GrainVault.TestKit.Webhooks;
using GrainVault.Webhooks;

namespace GrainVault.Grains.Tests.Webhooks;

/// <summary>A process that has sent a delivery and never learns what came of it, since it is dead or cut off.</summary>
public sealed class WebhookTakeoverTests(WebhookHost host) : IClassFixture<WebhookHost>
{
    [Fact]
    public async Task Silo_that_takes_over_skips_nothing_and_sends_again_under_the_same_id()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var user = await host.SignUpAsync();
        var release = new TaskCompletionSource();
        // The first silo has sent the first delivery, and hears nothing any more.
        receiver.Hold = (_, number) => number == 1 ? release.Task : Task.CompletedTask;
        var expected = new List<string>();
        try
        {
            Assert.Null((await user.Grain.CreateWebhookAsync(new CreateWebhookCommand(Ids.New(Ids.Webhook), receiver.Url + "/taken", null))).Refusal);
            expected.Add(await user.FolderAsync("first"));
            await Poll.UntilAsync(() => Task.FromResult(receiver.Deliveries.Count == 1), "the first is under way");

            var twin = await host.StartTwinAsync();
            await twin.GetGrain<IWebhookGrain>($"wh-{WebhookBook.ShardOf(user.Id)}").RunAsync();
            await Poll.UntilAsync(() => Task.FromResult(receiver.Deliveries.Count == 2), "the other silo sends it again");
            Assert.Single(receiver.Deliveries.Select(delivery => delivery.MessageId).Distinct());
            for (var i = 0; i < 5; i++)
                expected.Add(await user.FolderAsync($"folder {i}"));
            await Poll.UntilAsync(() => Task.FromResult(expected.All(Told(receiver).Contains)), "the other silo goes on");
            Assert.Equal(expected, Told(receiver).Distinct());
        }
        finally
        {
            release.SetResult();
        }

        // What the first one hears at last moves nothing back.
        expected.Add(await user.FolderAsync("last"));
        await Poll.UntilAsync(() => Task.FromResult(Told(receiver).Contains(expected[^1])), "the last is told");
        Assert.Equal(expected, Told(receiver).Distinct());
        // Doubles have the id of the first, whichever process sent them.
        Assert.All(receiver.Deliveries.GroupBy(delivery => delivery.MessageId), group => Assert.Single(group.Select(Told).Distinct()));
    }

    private static string Told(Received delivery) =>
        string.Join(' ', delivery.Body.GetProperty("changes").EnumerateArray().Select(change => change.GetProperty("id").GetString()));

    private static List<string> Told(WebhookReceiver receiver) => [.. receiver.Deliveries.SelectMany(delivery => Told(delivery).Split(' '))];
}

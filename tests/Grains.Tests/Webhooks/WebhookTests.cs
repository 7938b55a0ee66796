using System.Net;
using System.Security.Cryptography;
using System.Text;
using GrainVault.Grains.Tests.Support;
using GrainVault.Options;
using GrainVault.Webhooks;

namespace GrainVault.Grains.Tests.Webhooks;

/// <summary>A silo that delivers to this machine, and tries again at once.</summary>
public sealed class WebhookHost : GrainsHost
{
    public override Task InitializeAsync()
    {
        Settings["GrainVault:Webhooks:AllowHttp"] = "true";
        Settings["GrainVault:Webhooks:AllowPrivateAddresses"] = "true";
        Settings["GrainVault:Webhooks:CountPerUserMax"] = "3";
        Settings["GrainVault:Webhooks:BatchLength"] = "2";
        Settings["GrainVault:Webhooks:Period"] = "00:00:00.050";
        Settings["GrainVault:Webhooks:RetryDelay"] = "00:00:00.010";
        Settings["GrainVault:Webhooks:RetryDelayMax"] = "00:00:00.050";
        return base.InitializeAsync();
    }
}

public sealed class WebhookTests(WebhookHost host) : IClassFixture<WebhookHost>
{
    [Fact]
    public async Task Every_change_is_delivered_signed_and_in_order_though_the_receiver_fails_at_times()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var user = await host.SignUpAsync();
        await user.FolderAsync("before");
        receiver.Status = (_, number) => number is 1 or 2 or 4 ? 500 : 200;
        await CreateAsync(user, receiver, "/a");
        var expected = new List<string>();
        for (var i = 0; i < 5; i++)
            expected.Add(await user.FolderAsync($"folder {i}"));

        await Poll.UntilAsync(() => Task.FromResult(ToldOf(receiver, "/a").Distinct().Count() == 5), "all is delivered");
        Assert.Equal(expected, ToldOf(receiver, "/a").Distinct());
        Assert.All(receiver.Deliveries, delivery => Assert.True(delivery.IsSigned));
        var first = receiver.Of("/a").Take(3).Select(delivery => delivery.MessageId).ToList();
        Assert.Single(first.Distinct());
        var change = receiver.Deliveries.First().Body.GetProperty("changes")[0];
        Assert.Equal(("changed", "owner", "folder 0"), (
            change.GetProperty("type").GetString(), change.GetProperty("role").GetString(), change.GetProperty("entry").GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Delivery_that_was_not_taken_is_made_by_the_next_silo()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var user = await host.SignUpAsync();
        var isUp = false;
        receiver.Status = (_, _) => Volatile.Read(ref isUp) ? 200 : 503;
        var id = await CreateAsync(user, receiver, "/b");
        var folder = await user.FolderAsync("folder");
        await Poll.UntilAsync(() => Task.FromResult(!receiver.Deliveries.IsEmpty), "an attempt is made");
        await host.RestartAsync();
        Volatile.Write(ref isUp, true);
        await RunAsync(id);
        await Poll.UntilAsync(
            () => host.ScalarAsync<bool>("SELECT failing_since IS NULL AND last_outcome = '200' FROM webhooks WHERE id = $1", id), "it is taken");
        Assert.All(ToldOf(receiver, "/b"), told => Assert.Equal(folder, told));
        Assert.Single(receiver.Deliveries.Select(delivery => delivery.MessageId).Distinct());
    }

    [Fact]
    public async Task Webhook_is_given_up_when_it_fails_too_often_or_is_gone()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var user = await host.SignUpAsync();
        receiver.Status = (path, _) => path == "/gone" ? 410 : 302;
        var (gone, failing) = (await CreateAsync(user, receiver, "/gone"), await CreateAsync(user, receiver, "/failing"));
        await host.ExecuteAsync("UPDATE webhooks SET attempt_count = 199, failing_since = now() WHERE id = $1", failing);
        await user.FolderAsync("folder");
        await Poll.UntilAsync(
            async () => (await user.Grain.ListWebhooksAsync()).Webhooks.TrueForAll(webhook => webhook.DisabledAt is not null), "both are given up");
        var webhooks = (await user.Grain.ListWebhooksAsync()).Webhooks;
        Assert.Equal("410", webhooks.Single(webhook => webhook.Id == gone).LastOutcome);
        Assert.Equal("302", webhooks.Single(webhook => webhook.Id == failing).LastOutcome);
        Assert.Single(receiver.Of("/gone"));
    }

    [Fact]
    public async Task Receiver_whose_place_in_the_feed_is_lost_is_told_so()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var user = await host.SignUpAsync();
        var id = await CreateAsync(user, receiver, "/lost");
        await host.ExecuteAsync("UPDATE webhooks SET cursor = 'not one of ours', seen = NULL WHERE id = $1", id);
        await Poll.UntilAsync(() => Task.FromResult(receiver.Of("/lost").Any(delivery => delivery.Body.GetProperty("type").GetString() == "expired")), "it is told");
        var folder = await user.FolderAsync("folder");
        await Poll.UntilAsync(() => Task.FromResult(ToldOf(receiver, "/lost").Contains(folder)), "it goes on");
    }

    [Fact]
    public async Task Webhooks_are_of_their_user_few_and_keep_their_secret()
    {
        var (user, stranger) = (await host.SignUpAsync(), await host.SignUpAsync());
        var command = new CreateWebhookCommand(Ids.New(Ids.Webhook), "https://hooks.example.org/x?y=1", null);
        var made = await user.Grain.CreateWebhookAsync(command);
        Assert.Null(made.Refusal);
        Assert.StartsWith("whsec_", made.Secret, StringComparison.Ordinal);
        Assert.Equal(made.Secret, (await user.Grain.CreateWebhookAsync(command)).Secret);
        Assert.Equal(RefusalReason.NotFound, (await stranger.Grain.CreateWebhookAsync(command)).Refusal!.Reason);
        Assert.Null((await user.Grain.ListWebhooksAsync()).Secret);
        Assert.Empty((await stranger.Grain.ListWebhooksAsync()).Webhooks);
        Assert.Equal(RefusalReason.NotFound, (await stranger.Grain.DeleteWebhookAsync(command.Id)).Refusal!.Reason);

        string[] urls = ["", "x", "/x", "ftp://example.org", "https://", "https://user@example.org", "https://example.org/#x", "https://example.org/\u00e4", "https://example.org/" + new string('x', 2000)];
        foreach (var url in urls)
            Assert.Equal(RefusalReason.Invalid, (await user.Grain.CreateWebhookAsync(new CreateWebhookCommand(Ids.New(Ids.Webhook), url, null))).Refusal!.Reason);
        string[] secrets = ["", "x", "whsec_", "whsec_!", "whsec_" + Convert.ToBase64String(new byte[23]), "whsec_" + Convert.ToBase64String(new byte[65])];
        foreach (var secret in secrets)
            Assert.Equal(RefusalReason.Invalid, (await user.Grain.CreateWebhookAsync(command with { Id = Ids.New(Ids.Webhook), Secret = secret })).Refusal!.Reason);
        var own = "whsec_" + Convert.ToBase64String(new byte[24]);
        Assert.Equal(own, (await user.Grain.CreateWebhookAsync(command with { Id = Ids.New(Ids.Webhook), Secret = own })).Secret);
        Assert.Null((await user.Grain.CreateWebhookAsync(command with { Id = Ids.New(Ids.Webhook) })).Refusal);
        Assert.Equal(RefusalReason.Invalid, (await user.Grain.CreateWebhookAsync(command with { Id = Ids.New(Ids.Webhook) })).Refusal!.Reason);
        Assert.Null((await user.Grain.DeleteWebhookAsync(command.Id)).Refusal);
        Assert.Equal(RefusalReason.NotFound, (await user.Grain.DeleteWebhookAsync(command.Id)).Refusal!.Reason);
    }

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.31.0.1", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fd00::1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("ff02::1", false)]
    public void Address_is_public_or_not(string address, bool isPublic) => Assert.Equal(isPublic, PublicAddresses.Contains(IPAddress.Parse(address)));

    [Fact]
    public async Task Name_that_leads_to_this_machine_is_not_connected_to()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        using var sender = new WebhookSender(Microsoft.Extensions.Options.Options.Create(new WebhookOptions()), TimeProvider.System);
        foreach (var url in (string[])[receiver.Url, receiver.Url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal)])
            Assert.Equal("address-not-allowed", (await sender.SendAsync(url, new byte[24], "msg_1", [], CancellationToken.None)).Text);
        Assert.Empty(receiver.Deliveries);
    }

    [Fact]
    public void Signature_is_that_of_the_standard()
    {
        var secret = new byte[24];
        var expected = HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes("""msg_1.1614265330.{"a":1}"""));
        Assert.Equal($"v1,{Convert.ToBase64String(expected)}", WebhookRules.Sign(secret, "msg_1", 1614265330, """{"a":1}"""u8.ToArray()));
    }

    private async Task<string> CreateAsync(TestUser user, WebhookReceiver receiver, string path)
    {
        var made = await user.Grain.CreateWebhookAsync(new CreateWebhookCommand(Ids.New(Ids.Webhook), receiver.Url + path, null));
        Assert.Null(made.Refusal);
        receiver.Secrets[path] = WebhookRules.ParseSecret(made.Secret!)!;
        await RunAsync(made.Webhooks[0].Id);
        return made.Webhooks[0].Id;
    }

    /// <summary>Starts the shard, as the janitor would within a minute.</summary>
    private Task RunAsync(string id) => host.Grains.GetGrain<IWebhookGrain>($"wh-{WebhookBook.ShardOf(id)}").RunAsync();

    private static IEnumerable<string> ToldOf(WebhookReceiver receiver, string path) =>
        receiver.Of(path).Where(delivery => delivery.Body.TryGetProperty("changes", out _))
            .SelectMany(delivery => delivery.Body.GetProperty("changes").EnumerateArray().Select(change => change.GetProperty("id").GetString()!).ToList());
}

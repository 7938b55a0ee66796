using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using GrainVault.Accounts;
using GrainVault.Grains.Tests.Audit;
using GrainVault.Grains.Tests.Support;
using GrainVault.TestKit.Webhooks;
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
        Settings["GrainVault:Webhooks:DeliveryCountMax"] = "3";
        Settings["GrainVault:Webhooks:BatchLength"] = "2";
        Settings["GrainVault:Webhooks:Timeout"] = "00:02:00";
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
        var expected = new List<string> { await user.FolderAsync("folder 0") };
        await Poll.UntilAsync(() => Task.FromResult(receiver.Deliveries.Count >= 3), "the first is told at last");
        for (var i = 1; i < 5; i++)
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
    public async Task Delivery_that_tells_more_than_the_attempt_before_is_no_repeat_of_it()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var user = await host.SignUpAsync();
        receiver.Status = (_, _) => 500;
        await CreateAsync(user, receiver, "/more");
        await user.FolderAsync("folder");
        await Poll.UntilAsync(() => Task.FromResult(receiver.Deliveries.Count >= 2), "it is tried again");
        Assert.Single(receiver.Deliveries.Select(delivery => delivery.MessageId).Distinct());
        await user.FolderAsync("another");
        await Poll.UntilAsync(() => Task.FromResult(receiver.Deliveries.Any(delivery => delivery.Body.GetProperty("changes").GetArrayLength() == 2)), "it tells more");
        Assert.All(
            receiver.Deliveries.GroupBy(delivery => delivery.MessageId),
            group => Assert.Single(group.Select(delivery => delivery.Body.GetProperty("changes").GetArrayLength()).Distinct()));
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
        await RunAsync(user);
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
        Assert.Equal(("gone", "failing"), (webhooks.Single(webhook => webhook.Id == gone).DisabledBecause, webhooks.Single(webhook => webhook.Id == failing).DisabledBecause));
        Assert.Equal(2, (await host.LinesAsync(user.Id)).Count(line => line == "system webhook-disable"));
        await host.IntactAsync(user.Id);
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
    [InlineData("168.63.129.16", false)]
    [InlineData("168.63.129.17", true)]
    [InlineData("100.100.100.200", false)]
    [InlineData("100.127.255.255", false)]
    [InlineData("192.0.0.192", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("fd20:ce::254", false)]
    [InlineData("::ffff:168.63.129.16", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("::ffff:100.64.0.1", false)]
    [InlineData("::ffff:0:169.254.169.254", false)]
    [InlineData("::8.8.8.8", false)]
    [InlineData("64:ff9b::a9fe:a9fe", false)]
    [InlineData("64:ff9b::a83f:8110", false)]
    [InlineData("64:ff9b::8.8.8.8", true)]
    [InlineData("64:ff9b:1::808:808", false)]
    [InlineData("2002:a9fe:a9fe::1", false)]
    [InlineData("2002:a83f:8110::1", false)]
    [InlineData("2002:808:808::1", true)]
    [InlineData("2001:0:a9fe:a9fe::1", false)]
    [InlineData("2606:4700::5efe:10.0.0.1", false)]
    [InlineData("2606:4700::200:5efe:10.0.0.1", false)]
    [InlineData("2606:4700::5efe:8.8.8.8", true)]
    [InlineData("100::1", false)]
    [InlineData("4000::1", false)]
    public void Address_is_public_or_not(string address, bool isPublic) => Assert.Equal(isPublic, PublicAddresses.Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData("https://127.0.0.1/", false)]
    [InlineData("https://127.1/", false)]
    [InlineData("https://0x7f000001/", false)]
    [InlineData("https://10.0.0.1:8443/x", false)]
    [InlineData("https://169.254.169.254/latest", false)]
    [InlineData("https://[::1]/", false)]
    [InlineData("https://[::ffff:10.0.0.1]/", false)]
    [InlineData("https://8.8.8.8/", true)]
    [InlineData("https://[2606:4700::1]/", true)]
    [InlineData("https://hooks.example.org/", true)]
    public void Url_with_a_private_address_is_refused_at_once_unless_such_are_allowed(string url, bool isPublic)
    {
        Assert.Equal(isPublic ? null : RefusalReason.Invalid, WebhookRules.CheckUrl(url, new WebhookOptions())?.Reason);
        Assert.Null(WebhookRules.CheckUrl(url, new WebhookOptions { AllowPrivateAddresses = true }));
    }

    [Fact]
    public async Task New_webhook_and_one_that_is_enabled_again_are_told_without_waiting_for_the_janitor()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var user = await host.SignUpAsync();
        var id = await MakeAsync(user, receiver, "/new");
        var first = await user.FolderAsync("first");
        await Poll.UntilAsync(() => Task.FromResult(ToldOf(receiver, "/new").Contains(first)), "it is told");
        await user.Grain.SwitchWebhookAsync(id, false);
        // The shard has no webhook, and stops looking.
        await RunAsync(user);
        await user.Grain.SwitchWebhookAsync(id, true);
        var second = await user.FolderAsync("second");
        await Poll.UntilAsync(() => Task.FromResult(ToldOf(receiver, "/new").Contains(second)), "it is told again");
    }

    [Fact]
    public async Task Name_that_leads_to_this_machine_is_not_connected_to_and_that_it_leads_there_is_not_told()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        using var sender = Sender(new WebhookOptions());
        // Nobody has a name with a part of 64 characters, so nobody is asked for it.
        var (byName, nowhere) = (receiver.Url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal), $"https://{new string('a', 64)}.example");
        foreach (var (url, cause) in ((string, string)[])[(receiver.Url, "address-not-allowed"), (byName, "address-not-allowed"), (nowhere, "no-such-host")])
        {
            var outcome = await sender.SendAsync(url, new byte[24], "msg_1", [], CancellationToken.None);
            Assert.Equal((false, "no-connection", cause), (outcome.IsTaken, outcome.Text, outcome.Cause));
        }

        Assert.Empty(receiver.Deliveries);
        // Where nobody listens; whatever else is taken there later, it is nobody who answers so.
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var anywhere = Sender(new WebhookOptions { AllowPrivateAddresses = true, AllowHttp = true });
        Assert.Equal("no-connection", (await anywhere.SendAsync($"http://{closed.LocalEndPoint}", new byte[24], "msg_1", [], CancellationToken.None)).Text);
    }

    [Fact]
    public async Task Slow_receivers_hold_up_nobody_but_themselves()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var (slow, other) = (await host.SignUpAsync(), await host.SignUpAsync());
        var release = new TaskCompletionSource();
        receiver.Hold = (path, _) => path.StartsWith("/slow", StringComparison.Ordinal) ? release.Task : Task.CompletedTask;
        try
        {
            var ids = new List<string>();
            foreach (var path in (string[])["/slow-1", "/slow-2", "/slow-3"])
                ids.Add(await CreateAsync(slow, receiver, path));
            var told = await CreateAsync(other, receiver, "/fast");
            // As it happens with one user in sixteen.
            await host.ExecuteAsync("UPDATE webhooks SET shard = $1 WHERE id = $2", (short)WebhookBook.ShardOf(slow.Id), told);
            await slow.FolderAsync("folder");
            await Poll.UntilAsync(() => Task.FromResult(receiver.Deliveries.Count == 2), "slow ones are under way");
            for (var i = 0; i < 3; i++)
            {
                var folder = await other.FolderAsync($"folder {i}");
                await Poll.UntilAsync(() => Task.FromResult(ToldOf(receiver, "/fast").Contains(folder)), "the other one is told");
            }

            // Two places are a user's, and each delivery is made once.
            Assert.Equal(2, receiver.Deliveries.Count(delivery => delivery.Path != "/fast"));
        }
        finally
        {
            release.SetResult();
        }

        await Poll.UntilAsync(() => Task.FromResult(receiver.Deliveries.Select(delivery => delivery.Path).Distinct().Count() == 4), "all are told");
        Assert.All(["/slow-1", "/slow-2", "/slow-3"], path => Assert.Single(receiver.Of(path)));
    }

    [Fact]
    public async Task Webhook_that_was_disabled_goes_on_where_it_was()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var (user, stranger) = (await host.SignUpAsync(), await host.SignUpAsync());
        var id = await CreateAsync(user, receiver, "/switched");
        var before = await user.FolderAsync("before");
        await Poll.UntilAsync(() => host.ScalarAsync<bool>("SELECT coalesce(last_outcome = '200' OR last_outcome = '204', false) FROM webhooks WHERE id = $1", id), "it is told");
        foreach (var isEnabled in (bool[])[false, true])
            Assert.Equal(RefusalReason.NotFound, (await stranger.Grain.SwitchWebhookAsync(id, isEnabled)).Refusal!.Reason);
        for (var i = 0; i < 2; i++)
            Assert.Equal("user", Assert.Single((await user.Grain.SwitchWebhookAsync(id, false)).Webhooks).DisabledBecause);
        var missed = await user.FolderAsync("missed");
        await RunAsync(user);
        Assert.Equal([before], ToldOf(receiver, "/switched"));

        var switched = Assert.Single((await user.Grain.SwitchWebhookAsync(id, true)).Webhooks);
        Assert.Null(switched.DisabledAt);
        Assert.Null(switched.DisabledBecause);
        await Poll.UntilAsync(() => Task.FromResult(ToldOf(receiver, "/switched").Contains(missed)), "it goes on");
        Assert.Equal([before, missed], ToldOf(receiver, "/switched"));
        var lines = await host.LinesAsync(user.Id);
        Assert.Equal(
            ["user webhook-create", "user webhook-disable", "user webhook-enable"],
            lines.Where(line => line.Contains("webhook", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task New_password_disables_webhooks_and_logins_before_it_make_none()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var user = await host.SignUpAsync();
        var id = await CreateAsync(user, receiver, "/password");
        await user.Grain.SwitchWebhookAsync(await CreateAsync(user, receiver, "/other"), false);
        Assert.Null((await user.Grain.ChangePasswordAsync(GrainsHost.Password, "another long passphrase 9")).Refusal);
        var webhooks = (await user.Grain.ListWebhooksAsync()).Webhooks;
        Assert.Equal(["password", "user"], webhooks.Select(webhook => webhook.DisabledBecause).Order());
        var folder = await user.FolderAsync("folder");

        // A token of before, which is good for some seconds yet.
        Caller.SetUser(user.Id, "", user.SignIn.LoginId);
        var grain = host.Grains.GetGrain<IUserGrain>(user.Id);
        Assert.Equal(RefusalReason.BadCredentials, (await grain.CreateWebhookAsync(new CreateWebhookCommand(Ids.New(Ids.Webhook), receiver.Url, null))).Refusal!.Reason);
        Assert.Equal(RefusalReason.BadCredentials, (await grain.SwitchWebhookAsync(id, true)).Refusal!.Reason);
        Assert.Empty(receiver.Deliveries);

        Assert.Null((await user.Grain.SwitchWebhookAsync(id, true)).Refusal);
        await Poll.UntilAsync(() => Task.FromResult(ToldOf(receiver, "/password").Contains(folder)), "nothing is lost");
        Assert.Contains(await host.LinesAsync(user.Id), line => line == "user webhook-disable");
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM audit WHERE owner_id = $1 AND action = 'webhook-disable' AND detail::jsonb ->> 'because' = 'password'", user.Id));
        await host.IntactAsync(user.Id);
    }

    [Fact]
    public void Signature_is_that_of_the_standard()
    {
        var secret = new byte[24];
        var expected = HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes("""msg_1.1614265330.{"a":1}"""));
        Assert.Equal($"v1,{Convert.ToBase64String(expected)}", WebhookRules.Sign(secret, "msg_1", 1614265330, """{"a":1}"""u8.ToArray()));
    }

    private static WebhookSender Sender(WebhookOptions options) => new(Microsoft.Extensions.Options.Options.Create(options), TimeProvider.System);

    private async Task<string> CreateAsync(TestUser user, WebhookReceiver receiver, string path)
    {
        var id = await MakeAsync(user, receiver, path);
        await RunAsync(user);
        // Looked at for the first time, with nothing to tell: what a test writes into its row stays.
        await Poll.UntilAsync(() => host.ScalarAsync<bool>("SELECT seen IS NOT NULL FROM webhooks WHERE id = $1", id), "it stands at its place");
        return id;
    }

    private static async Task<string> MakeAsync(TestUser user, WebhookReceiver receiver, string path)
    {
        var made = await user.Grain.CreateWebhookAsync(new CreateWebhookCommand(Ids.New(Ids.Webhook), receiver.Url + path, null));
        Assert.Null(made.Refusal);
        receiver.Secrets[path] = WebhookRules.ParseSecret(made.Secret!)!;
        return made.Webhooks[0].Id;
    }

    /// <summary>Starts the shard, as the janitor would within a minute.</summary>
    private Task RunAsync(TestUser user) => host.Grains.GetGrain<IWebhookGrain>($"wh-{WebhookBook.ShardOf(user.Id)}").RunAsync();

    private static IEnumerable<string> ToldOf(WebhookReceiver receiver, string path) =>
        receiver.Of(path).Where(delivery => delivery.Body.TryGetProperty("changes", out _))
            .SelectMany(delivery => delivery.Body.GetProperty("changes").EnumerateArray().Select(change => change.GetProperty("id").GetString()!).ToList());
}

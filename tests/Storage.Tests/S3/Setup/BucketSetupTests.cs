using Amazon.S3;
using Amazon.S3.Model;
using GrainVault.Storage.S3;
using GrainVault.Storage.S3.Setup;
using GrainVault.TestKit.S3;

namespace GrainVault.Storage.Tests.S3.Setup;

/// <summary>What a bucket is told, on a real server.</summary>
public sealed class BucketSetupTests
{
    private const string Secret = "secret of the tests' store";
    private const string Page = "https://files.example.org";

    private static readonly BucketPlan Plan = new()
    {
        UploadLifetime = TimeSpan.FromDays(7),
        Origins = [Page, "https://*.example.com"],
        Events = new BucketEvents(new Uri("http://127.0.0.1:1/v1/ingest/s3-events"), Secret, targetArn: null),
    };

    /// <summary>Keys that may only write; made once, since that takes the server a second.</summary>
    private static readonly Lazy<Task<(string AccessKey, string SecretKey)>> UploadKeysOf =
        new(async () => await (await S3ServerFixture.ServerAsync()).CreateWriteOnlyKeysAsync());

    [Fact]
    public async Task Setup_makes_everything_once_and_check_finds_it_all()
    {
        var options = await OptionsAsync();
        using var setup = new BucketSetup(options, Plan);

        Assert.Equal("bucket Missing", Show(await setup.CheckAsync()));
        Assert.Equal("bucket Set, cors Set, lifecycle Set, notifications Set, keys Ok", Show(await setup.ApplyAsync()));
        Assert.Equal("bucket Ok, cors Ok, lifecycle Ok, notifications Ok, keys Ok", Show(await setup.CheckAsync()));
        var again = await setup.ApplyAsync();
        Assert.Equal("bucket Ok, cors Ok, lifecycle Ok, notifications Ok, keys Ok", Show(again));
        Assert.All(again, line => Assert.DoesNotContain("secret", line.Detail, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Check_changes_nothing_and_names_what_is_missing()
    {
        var options = await OptionsAsync();
        using var s3 = await CreateBucketAsync(options);
        using var setup = new BucketSetup(options, Plan);

        var lines = await setup.CheckAsync();

        Assert.Equal("bucket Ok, cors Missing, lifecycle Missing, notifications Missing, keys Ok", Show(lines));
        Assert.Equal($"no rule lets {Page} GET", lines[1].Detail);
        Assert.Contains("after 8 days", lines[2].Detail, StringComparison.Ordinal);
        Assert.Equal(Show(lines), Show(await setup.CheckAsync()));
        Assert.Empty((await s3.GetBucketNotificationAsync(options.Bucket)).TopicConfigurations ?? []);
    }

    [Fact]
    public async Task Setup_that_was_killed_after_any_of_its_calls_is_completed_by_the_next()
    {
        await using var proxy = await FaultyS3.StartAsync((await S3ServerFixture.ServerAsync()).Endpoint);
        var callCount = 0;
        while (await IsKilledAsync(proxy, callCount + 1))
            callCount++;

        // The bucket, its four parts, of which notifications have a topic, and a probe that is written and removed.
        Assert.InRange(callCount, 7, 20);
    }

    [Fact]
    public async Task Rules_of_others_stay()
    {
        var options = await OptionsAsync();
        using var s3 = await CreateBucketAsync(options);
        await s3.PutCORSConfigurationAsync(options.Bucket, new CORSConfiguration
        {
            Rules = [new CORSRule { Id = "theirs", AllowedOrigins = ["https://other.example.net"], AllowedMethods = ["GET"], MaxAgeSeconds = 7 }],
        });
        await s3.PutLifecycleConfigurationAsync(options.Bucket, new LifecycleConfiguration
        {
            Rules =
            [
                new LifecycleRule { Id = "theirs", Status = LifecycleRuleStatus.Enabled, Filter = new LifecycleFilter { Prefix = "logs/" }, Expiration = new LifecycleRuleExpiration { Days = 3 } },
            ],
        });
        using var topics = new CephTopics(new Uri(options.Endpoint!), options.Region, S3Client.CredentialsOf(options), s3.Config);
        var topic = await topics.CreateAsync($"theirs-{options.Bucket}", "http://127.0.0.1:2/theirs", CancellationToken.None);
        await s3.PutBucketNotificationAsync(new PutBucketNotificationRequest
        {
            BucketName = options.Bucket,
            TopicConfigurations = [new TopicConfiguration { Id = "theirs", Topic = topic, Events = [EventType.ObjectRemovedAll] }],
        });
        using var setup = new BucketSetup(options, Plan);

        Assert.Equal("bucket Ok, cors Set, lifecycle Set, notifications Set, keys Ok", Show(await setup.ApplyAsync()));

        var cors = (await s3.GetCORSConfigurationAsync(options.Bucket)).Configuration.Rules;
        Assert.Equal(["theirs", BucketCors.RuleId], cors.Select(rule => rule.Id).Order(StringComparer.Ordinal).Reverse());
        Assert.Equal(7, cors.Single(rule => rule.Id == "theirs").MaxAgeSeconds);
        var lifecycle = (await s3.GetLifecycleConfigurationAsync(options.Bucket)).Configuration.Rules;
        Assert.Equal(2, lifecycle.Count);
        var kept = lifecycle.Single(rule => rule.Id == "theirs");
        Assert.Equal((3, "logs/"), (kept.Expiration.Days, BucketLifecycle.PrefixOf(kept)));
        var told = (await s3.GetBucketNotificationAsync(options.Bucket)).TopicConfigurations;
        Assert.Equal([$"grainvault-inbox-{options.Bucket}", $"grainvault-staged-{options.Bucket}", "theirs"], told.Select(one => one.Id).Order(StringComparer.Ordinal));
        Assert.Equal(topic, told.Single(one => one.Id == "theirs").Topic);
    }

    [Fact]
    public async Task Page_that_is_no_longer_configured_is_not_let_in_any_more()
    {
        var options = await OptionsAsync();
        using (var setup = new BucketSetup(options, Plan))
            await setup.ApplyAsync();

        using var fewer = new BucketSetup(options, Plan with { Origins = [Page] });
        Assert.Equal((SetupState.Missing, "lets https://*.example.com in, which is not in Cors:Origins"), StateOf(await fewer.CheckAsync(), "cors"));
        Assert.Equal(SetupState.Set, StateOf(await fewer.ApplyAsync(), "cors").State);
        using var none = new BucketSetup(options, Plan with { Origins = [] });
        Assert.Equal(SetupState.Set, StateOf(await none.ApplyAsync(), "cors").State);
        Assert.Equal(SetupState.Ok, StateOf(await none.CheckAsync(), "cors").State);
    }

    [Fact]
    public async Task Rule_of_others_that_ends_sessions_or_files_is_named_and_left_alone()
    {
        var options = await OptionsAsync();
        using var s3 = await CreateBucketAsync(options);
        await s3.PutLifecycleConfigurationAsync(options.Bucket, new LifecycleConfiguration
        {
            Rules =
            [
                new LifecycleRule
                {
                    Id = "hasty", Status = LifecycleRuleStatus.Enabled, Filter = new LifecycleFilter { Prefix = "" },
                    AbortIncompleteMultipartUpload = new LifecycleRuleAbortIncompleteMultipartUpload { DaysAfterInitiation = 1 },
                },
            ],
        });
        using var setup = new BucketSetup(options, Plan);

        Assert.Equal((SetupState.Wrong, "rule 'hasty' aborts uploads after 1 days; sessions need 8"), StateOf(await setup.ApplyAsync(), "lifecycle"));
        Assert.Equal(2, (await s3.GetLifecycleConfigurationAsync(options.Bucket)).Configuration.Rules.Count);
        Assert.False((await setup.CheckAsync()).All(line => line.IsFine));
    }

    [Fact]
    public async Task New_secret_is_sent_by_the_next_event_after_setup()
    {
        var options = await OptionsAsync();
        using (var setup = new BucketSetup(options, Plan))
            await setup.ApplyAsync();

        using var rotated = new BucketSetup(options, Plan with { Events = new BucketEvents(Plan.Events!.Url, "another secret of the store", targetArn: null) });
        Assert.Equal(SetupState.Missing, StateOf(await rotated.CheckAsync(), "notifications").State);
        Assert.Equal(SetupState.Set, StateOf(await rotated.ApplyAsync(), "notifications").State);
        Assert.Equal(SetupState.Ok, StateOf(await rotated.CheckAsync(), "notifications").State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Key_of_URLs_that_may_read_is_named_and_nothing_of_the_look_stays(bool isMarked)
    {
        var options = await OptionsAsync();
        using var s3 = await CreateBucketAsync(options);
        if (isMarked)
            await s3.PutObjectAsync(new PutObjectRequest { BucketName = options.Bucket, Key = ObjectKeys.Marker, ContentBody = "{}" });
        using (var safe = new BucketSetup(options, Plan))
            Assert.Equal(SetupState.Ok, StateOf(await safe.CheckAsync(), "keys").State);
        (options.UploadAccessKey, options.UploadSecretKey) = (null, null);
        using var setup = new BucketSetup(options, Plan);

        var (state, detail) = StateOf(await setup.CheckAsync(), "keys");

        Assert.Equal(SetupState.Wrong, state);
        Assert.Contains("UploadAccessKey", detail, StringComparison.Ordinal);
        var left = (await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = options.Bucket })).S3Objects ?? [];
        Assert.Equal(isMarked ? [ObjectKeys.Marker] : [], left.Select(one => one.Key));
    }

    [Theory]
    [InlineData(501, "NotImplemented", "NotOffered", true)]
    [InlineData(405, "MethodNotAllowed", "NotOffered", true)]
    [InlineData(403, "AccessDenied", "Unknown", false)]
    public async Task What_a_server_does_not_tell_is_said_and_is_no_failure(int status, string code, string state, bool isFine)
    {
        var options = await OptionsAsync();
        using var s3 = await CreateBucketAsync(options);
        await using var proxy = await FaultyS3.StartAsync(options.Endpoint!);
        proxy.Fault = (context, _) => HttpMethodIsHead(context) ? Task.FromResult(false) : FaultyS3.AnswerErrorAsync(context, status, code);
        options.Endpoint = proxy.Endpoint;
        using var setup = new BucketSetup(options, Plan);

        var lines = await setup.CheckAsync();

        Assert.Equal($"bucket Ok, cors {state}, lifecycle {state}, notifications {state}, keys {state}", Show(lines));
        Assert.Equal(isFine, lines.All(line => line.IsFine));
        Assert.All(lines.Skip(1), line => Assert.Contains($"{code} ({status})", line.Detail, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("seaweedfs", "notification.toml")]
    [InlineData("r2", "Cloudflare queue")]
    [InlineData("garage", "no events")]
    [InlineData("generic", "Ingest:TargetArn")]
    public async Task Server_without_notifications_of_its_own_gets_advice(string profile, string advice)
    {
        var options = await OptionsAsync();
        options.Profile = profile;
        using var s3 = await CreateBucketAsync(options);
        using var setup = new BucketSetup(options, Plan);

        var (state, detail) = StateOf(await setup.CheckAsync(), "notifications");

        Assert.Equal(SetupState.NotOffered, state);
        Assert.Contains(advice, detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00:00:01", 2)]
    [InlineData("1.00:00:00", 2)]
    [InlineData("7.00:00:00", 8)]
    [InlineData("7.00:00:01", 9)]
    public void Forgotten_uploads_live_a_day_longer_than_sessions(string lifetime, int days) =>
        Assert.Equal(days, (Plan with { UploadLifetime = TimeSpan.Parse(lifetime, System.Globalization.CultureInfo.InvariantCulture) }).AbortDays);

    /// <summary>
    /// Sets a bucket up until the server has carried out a number of calls that change something, of which the last is never answered, and
    /// then again; false when there are not so many.
    /// </summary>
    private static async Task<bool> IsKilledAsync(FaultyS3 proxy, int callCount)
    {
        var options = await OptionsAsync();
        var direct = options.Endpoint;
        using var end = new CancellationTokenSource();
        var count = 0;
        proxy.Fault = async (context, _) =>
        {
            // Nothing comes from a process that is dead.
            if (end.IsCancellationRequested)
                return await FaultyS3.AnswerErrorAsync(context, 403, "AccessDenied");
            if (context.Request.Method is "GET" or "HEAD" || ++count < callCount)
                return false;
            using var answer = await proxy.PassOnAsync(context);
            Assert.True((int)answer.StatusCode < 500);
            await end.CancelAsync();
            return await FaultyS3.AnswerErrorAsync(context, 403, "AccessDenied");
        };
        options.Endpoint = proxy.Endpoint;
        using (var setup = new BucketSetup(options, Plan))
        {
            try
            {
                await setup.ApplyAsync(end.Token);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                // As it has to be; what is removed at the end does not wait for its answer.
            }
        }

        options.Endpoint = direct;
        using var again = new BucketSetup(options, Plan);
        var lines = await again.ApplyAsync();
        Assert.True(lines.All(line => line.IsFine), $"after {callCount} calls: {Show(lines)}");
        Assert.Equal("bucket Ok, cors Ok, lifecycle Ok, notifications Ok, keys Ok", Show(await again.CheckAsync()));
        using var s3 = S3Client.Create(options, direct, S3Dialect.Ceph, S3Client.CredentialsOf(options));
        Assert.Empty((await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = options.Bucket })).S3Objects ?? []);
        Assert.Equal(2, (await s3.GetBucketNotificationAsync(options.Bucket)).TopicConfigurations.Count);
        return end.IsCancellationRequested;
    }

    private static bool HttpMethodIsHead(Microsoft.AspNetCore.Http.HttpContext context) => context.Request.Method == "HEAD";

    private static string Show(IEnumerable<SetupLine> lines) => string.Join(", ", lines.Select(line => $"{line.Thing} {line.State}"));

    private static (SetupState State, string Detail) StateOf(IEnumerable<SetupLine> lines, string thing)
    {
        var line = lines.Single(line => line.Thing == thing);
        return (line.State, line.Detail);
    }

    private static async Task<S3Options> OptionsAsync()
    {
        var options = S3Fixture.Options((await S3ServerFixture.ServerAsync()).Endpoint);
        options.Profile = "ceph";
        (options.UploadAccessKey, options.UploadSecretKey) = await UploadKeysOf.Value;
        return options;
    }

    private static async Task<IAmazonS3> CreateBucketAsync(S3Options options)
    {
        var client = S3Client.Create(options, options.Endpoint, S3Dialect.Ceph, S3Client.CredentialsOf(options));
        await client.PutBucketAsync(options.Bucket);
        return client;
    }
}

using GrainVault.Storage.S3;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.TestKit.S3;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GrainVault.Storage.Tests.S3;

public sealed class S3BucketTests
{
    [Fact]
    public async Task Missing_bucket_is_created_by_one_of_many_that_start_at_once()
    {
        var options = await OptionsAsync();
        using var store = new S3ObjectStore(options, TimeProvider.System, null);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.EnsureBucketAsync()));
        await store.PutAsync("objects/a", Content.Random(1));
        await store.EnsureBucketAsync();
        Assert.NotNull(await store.FindAsync("objects/a"));
    }

    [Fact]
    public async Task Missing_bucket_that_may_not_be_created_is_refused()
    {
        var options = await OptionsAsync();
        options.CreateBucket = false;
        using var store = new S3ObjectStore(options, TimeProvider.System, null);
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => store.EnsureBucketAsync());
        Assert.Equal(ObjectStoreError.Refused, error.Error);
        Assert.Contains(options.Bucket!, error.Message, StringComparison.Ordinal);
        Assert.Equal(ObjectStoreError.Refused, (await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutAsync("objects/a", Content.Random(1)))).Error);
    }

    [Fact]
    public async Task Wrong_credentials_are_refused_and_told_to_nobody()
    {
        var options = await OptionsAsync();
        options.SecretKey = "not-the-secret-key";
        using var store = new S3ObjectStore(options, TimeProvider.System, null);
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutAsync("objects/a", Content.Random(1)));
        Assert.Equal(ObjectStoreError.Refused, error.Error);
        Assert.DoesNotContain("not-the-secret-key", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_come_from_the_environment_when_none_are_configured()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", S3Server.AccessKey);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", S3Server.SecretKey);
        var options = await OptionsAsync();
        (options.AccessKey, options.SecretKey) = (null, null);
        using var store = new S3ObjectStore(options, TimeProvider.System, null);
        await store.EnsureBucketAsync();
        await store.PutAsync("objects/a", Content.Random(100));
        Assert.Equal(100, (await store.FindAsync("objects/a"))!.SizeBytes);
    }

    [Fact]
    public async Task Host_creates_the_bucket_once_the_server_is_there()
    {
        var server = await S3ServerFixture.ServerAsync();
        await using var proxy = await FaultyS3.StartAsync(server.Endpoint);
        proxy.Fault = (context, _) => FaultyS3.AnswerErrorAsync(context, 503, "SlowDown");
        var options = S3Fixture.Options(proxy.Endpoint);
        using var host = new HostBuilder().ConfigureServices(services => services.AddLogging().AddObjectStore(Configuration(options))).Build();
        await host.StartAsync();
        proxy.Fault = (_, _) => Task.FromResult(false);
        var store = host.Services.GetRequiredService<IObjectStore>();
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (true)
        {
            try
            {
                await store.PutAsync("objects/a", Content.Random(1));
                break;
            }
            catch (ObjectStoreException) when (DateTime.UtcNow < deadline)
            {
                await Task.Delay(50);
            }
        }

        await host.StopAsync();
    }

    [Fact]
    public async Task Host_does_not_start_with_credentials_that_are_wrong()
    {
        var options = await OptionsAsync();
        options.SecretKey = "not-the-secret-key";
        using var host = new HostBuilder().ConfigureServices(services => services.AddLogging().AddObjectStore(Configuration(options))).Build();
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => host.StartAsync());
        Assert.Equal(ObjectStoreError.Refused, error.Error);
    }

    private static async Task<S3Options> OptionsAsync() => S3Fixture.Options((await S3ServerFixture.ServerAsync()).Endpoint);

    private static IConfiguration Configuration(S3Options options) => new ConfigurationBuilder()
        .AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["GrainVault:Objects:Provider"] = "s3",
            ["GrainVault:Objects:S3:Endpoint"] = options.Endpoint,
            ["GrainVault:Objects:S3:Bucket"] = options.Bucket,
            ["GrainVault:Objects:S3:AccessKey"] = options.AccessKey,
            ["GrainVault:Objects:S3:SecretKey"] = options.SecretKey,
            ["GrainVault:Objects:S3:RetryCountMax"] = "0",
        })
        .Build();
}

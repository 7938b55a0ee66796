using GrainVault.Resilience;
using GrainVault.Storage.S3;
using GrainVault.TestKit.S3;

namespace GrainVault.Storage.Tests.S3;

/// <summary>A server that keeps failing is left alone, and found again.</summary>
public sealed class S3BreakerTests
{
    [Fact]
    public async Task Server_that_fails_is_not_asked_any_more_until_it_has_recovered()
    {
        await using var proxy = await FaultyS3.StartAsync((await S3ServerFixture.ServerAsync()).Endpoint);
        var options = S3Fixture.Options(proxy.Endpoint);
        options.RetryCountMax = 0;
        var breakers = new Breakers(
            Microsoft.Extensions.Options.Options.Create(new ResilienceOptions { BreakerCallCountMin = 5, BreakMin = TimeSpan.FromSeconds(2) }), TimeProvider.System);
        using var store = new S3ObjectStore(options, TimeProvider.System, null, breakers);
        await store.EnsureBucketAsync();
        var key = ObjectKeys.NewContentKey();

        proxy.Fault = (context, _) => FaultyS3.AnswerErrorAsync(context, 503, "ServiceUnavailable");
        var refused = 0;
        for (var i = 0; i < 30; i++)
            refused += await ErrorAsync(() => store.FindAsync(key)) == ObjectStoreError.Unavailable ? 1 : 0;
        Assert.Equal(30, refused);
        Assert.InRange(proxy.Requests.Count, 5, 12);

        proxy.Fault = (_, _) => Task.FromResult(false);
        var deadline = DateTime.UtcNow.AddSeconds(20);
        while (await ErrorAsync(() => store.FindAsync(key)) is not null)
        {
            Assert.True(DateTime.UtcNow < deadline, "the breaker does not close");
            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task Objects_that_are_missing_are_no_failure_of_the_server()
    {
        using var store = new S3ObjectStore(S3Fixture.Options((await S3ServerFixture.ServerAsync()).Endpoint), TimeProvider.System, null);
        await store.EnsureBucketAsync();
        for (var i = 0; i < 30; i++)
            Assert.Equal(ObjectStoreError.NotFound, await ErrorAsync(() => store.OpenReadAsync(ObjectKeys.NewContentKey())));
    }

    private static async Task<ObjectStoreError?> ErrorAsync(Func<Task> call)
    {
        try
        {
            await call();
            return null;
        }
        catch (ObjectStoreException exception)
        {
            return exception.Error;
        }
    }
}

using Amazon.Runtime;
using GrainVault.Storage.S3;

namespace GrainVault.Storage.Tests.S3;

/// <summary>A URL never outlives the keys that signed it.</summary>
public sealed class S3PresignExpiryTests
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public async Task Temporary_keys_end_their_urls_with_them()
    {
        var end = DateTimeOffset.UtcNow.AddMinutes(20);
        var signed = await PresignAsync(new Temporary(end), Day);
        // The SDK itself takes a minute off.
        Assert.InRange(signed.ExpiresAt, end.AddMinutes(-2), end);
        Assert.Contains("X-Amz-Security-Token=token", signed.Url.Query, StringComparison.OrdinalIgnoreCase);
        Assert.InRange((await PresignAsync(new Temporary(end), TimeSpan.FromMinutes(5))).ExpiresAt, DateTimeOffset.UtcNow.AddMinutes(4), DateTimeOffset.UtcNow.AddMinutes(5));
    }

    [Fact]
    public async Task Keys_are_renewed_before_a_url_is_signed_with_the_last_of_them()
    {
        var keys = new Temporary(DateTimeOffset.UtcNow.AddSeconds(1));
        await keys.GetCredentialsAsync();
        keys.End = DateTimeOffset.UtcNow.AddHours(1);
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while ((await PresignAsync(keys, Day, mayFail: true))?.ExpiresAt is not { } expiresAt || expiresAt < DateTimeOffset.UtcNow.AddMinutes(50))
        {
            Assert.True(DateTime.UtcNow < deadline, "the keys are not renewed");
            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task Temporary_keys_whose_end_nobody_tells_are_taken_for_the_shortest() =>
        Assert.InRange(
            (await PresignAsync(new SessionAWSCredentials("a", "b", "token"), Day)).ExpiresAt, DateTimeOffset.UtcNow.AddMinutes(14), DateTimeOffset.UtcNow.AddMinutes(15));

    [Fact]
    public async Task Lasting_keys_allow_what_is_asked_for() =>
        Assert.InRange((await PresignAsync(new BasicAWSCredentials("a", "b"), Day)).ExpiresAt, DateTimeOffset.UtcNow.AddHours(23), DateTimeOffset.UtcNow.AddHours(24));

    [Fact]
    public async Task No_url_lives_longer_than_asked_for_in_whatever_part_of_a_second_it_is_signed()
    {
        for (var i = 0; i < 100; i++)
        {
            var lifetime = TimeSpan.FromMilliseconds(2000 + (i * 37 % 1000));
            var signed = await PresignAsync(new BasicAWSCredentials("a", "b"), lifetime);
            Assert.True(signed.ExpiresAt <= DateTimeOffset.UtcNow + lifetime, $"a URL for {lifetime} ends at {signed.ExpiresAt:O}");
            await Task.Delay(7);
        }
    }

    private static async Task<PresignedUrl> PresignAsync(AWSCredentials keys, TimeSpan lifetime) => (await PresignAsync(keys, lifetime, mayFail: false))!;

    private static async Task<PresignedUrl?> PresignAsync(AWSCredentials keys, TimeSpan lifetime, bool mayFail)
    {
        var options = new S3Options { Endpoint = "http://127.0.0.1:9", Bucket = "some-bucket" };
        using var store = new S3ObjectStore(options, TimeProvider.System, null, null, null, S3Dialect.Generic, keys);
        try
        {
            return await store.PresignPutAsync("objects/a", 10, lifetime);
        }
        catch (ObjectStoreException e) when (mayFail && e.Error == ObjectStoreError.Unavailable)
        {
            return null;
        }
    }

    private sealed class Temporary(DateTimeOffset end) : RefreshingAWSCredentials
    {
        public DateTimeOffset End { get; set; } = end;

        protected override CredentialsRefreshState GenerateNewCredentials() => new(new ImmutableCredentials("a", "b", "token"), End.UtcDateTime);
    }
}

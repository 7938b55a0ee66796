using GrainVault.Resilience;
using GrainVault.Storage;
using GrainVault.Storage.S3;
using GrainVault.TestKit.FakeS3;

namespace GrainVault.Grains.Tests.Support;

/// <summary>A silo on an S3 server that does what a test tells it, and that can have more content than any disk.</summary>
public class FakeS3Host : GrainsHost
{
    private const string BucketName = "grains";

    public FakeS3Server Server { get; private set; } = null!;

    public FakeBucket Bucket => Server.Bucket(BucketName);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Server.DisposeAsync();
    }

    protected override async Task<IObjectStore> MakeStoreAsync()
    {
        Server = await FakeS3Server.StartAsync();
        Server.MakeBucket(BucketName);
        var options = new S3Options
        {
            Endpoint = Server.Endpoint,
            Bucket = BucketName,
            AccessKey = FakeS3Server.AccessKey,
            SecretKey = FakeS3Server.SecretKey,
        };
        Configure(options);
        // Faults are few and meant: a breaker that opens would only stop everything.
        var resilience = new ResilienceOptions { BreakerCallCountMin = 100_000 };
        return new S3ObjectStore(
            options, TimeProvider.System, null, new Breakers(Microsoft.Extensions.Options.Options.Create(resilience), TimeProvider.System));
    }

    protected virtual void Configure(S3Options options)
    {
    }
}

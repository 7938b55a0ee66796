using GrainVault.Storage.S3;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.TestKit.FakeS3;

namespace GrainVault.Storage.Tests.FakeS3;

/// <summary>An S3 store on a fake server of its own.</summary>
public sealed class FakeS3Fixture : IStoreFixture, IAsyncLifetime
{
    private FakeS3Server? _server;
    private S3ObjectStore? _store;

    public IObjectStore Store => _store!;

    public FakeS3Server Server => _server!;

    public int PartSizeBytes => 5 << 20;

    public int ManyCount => 1100;

    public static S3Options Options(FakeS3Server server) => new()
    {
        Endpoint = server.Endpoint,
        Bucket = "fake-bucket",
        AccessKey = FakeS3Server.AccessKey,
        SecretKey = FakeS3Server.SecretKey,
    };

    public async Task InitializeAsync()
    {
        _server = await FakeS3Server.StartAsync();
        _store = new S3ObjectStore(Options(_server), TimeProvider.System, null);
        await _store.EnsureBucketAsync();
    }

    public async Task DisposeAsync()
    {
        _store?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }
}

public sealed class FakeS3WholeObjectTests(FakeS3Fixture fixture) : WholeObjectConformance<FakeS3Fixture>(fixture);

public sealed class FakeS3MultipartTests(FakeS3Fixture fixture) : MultipartConformance<FakeS3Fixture>(fixture);

public sealed class FakeS3RangedReadTests(FakeS3Fixture fixture) : RangedReadConformance<FakeS3Fixture>(fixture);

public sealed class FakeS3ListingTests(FakeS3Fixture fixture) : ListingConformance<FakeS3Fixture>(fixture);

public sealed class FakeS3CopyTests(FakeS3Fixture fixture) : CopyConformance<FakeS3Fixture>(fixture);

public sealed class FakeS3PresignTests(FakeS3Fixture fixture) : PresignConformance<FakeS3Fixture>(fixture);

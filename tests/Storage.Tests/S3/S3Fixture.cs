using GrainVault.Storage.S3;
using GrainVault.Storage.Tests.Conformance;
using GrainVault.TestKit.S3;

namespace GrainVault.Storage.Tests.S3;

/// <summary>An S3 store in a bucket of its own on the real server that all tests share.</summary>
public sealed class S3Fixture : IStoreFixture, IAsyncLifetime
{
    private S3ObjectStore? _store;

    public IObjectStore Store => _store!;

    public int PartSizeBytes => 5 << 20;

    public int ManyCount => 1100;

    public static S3Options Options(string endpoint) => new()
    {
        Endpoint = endpoint,
        Bucket = $"b{Guid.NewGuid():n}",
        AccessKey = S3Server.AccessKey,
        SecretKey = S3Server.SecretKey,
    };

    public async Task InitializeAsync()
    {
        var server = await S3ServerFixture.ServerAsync();
        _store = new S3ObjectStore(Options(server.Endpoint), TimeProvider.System, null);
        await _store.EnsureBucketAsync();
    }

    public Task DisposeAsync()
    {
        _store?.Dispose();
        return Task.CompletedTask;
    }
}

using GrainVault.Storage.Disk;
using GrainVault.Storage.Tests.Conformance;

namespace GrainVault.Storage.Tests.Disk;

/// <summary>A disk store on a folder of its own.</summary>
public sealed class DiskFixture : IStoreFixture, IDisposable
{
    private readonly DiskObjectStore _store;
    private readonly Lazy<Task<DiskFrontEnd>> _frontEnd;

    public DiskFixture()
    {
        Folder = Directory.CreateTempSubdirectory("grainvault-store-").FullName;
        _store = new DiskObjectStore(new DiskOptions { Directory = Folder }, TimeProvider.System, null, new DiskCalls());
        _frontEnd = new Lazy<Task<DiskFrontEnd>>(() => DiskFrontEnd.StartAsync(_store));
    }

    public string Folder { get; }

    public IObjectStore Store => _store;

    public int PartSizeBytes => 70_000;

    public int ManyCount => 2500;

    public async Task<Uri> ReachAsync(PresignedUrl url) => new((await _frontEnd.Value).Address, url.Url);

    public void Dispose()
    {
        if (_frontEnd.IsValueCreated)
        {
#pragma warning disable VSTHRD002 // xUnit disposes fixtures of this kind synchronously.
            _frontEnd.Value.GetAwaiter().GetResult().DisposeAsync().AsTask().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        }

        _store.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}

using GrainVault.Storage.Disk;
using GrainVault.Storage.Tests.Conformance;

namespace GrainVault.Storage.Tests.Disk;

/// <summary>A disk store on a folder of its own.</summary>
public sealed class DiskFixture : IStoreFixture, IDisposable
{
    private readonly DiskObjectStore _store;

    public DiskFixture()
    {
        Folder = Directory.CreateTempSubdirectory("grainvault-store-").FullName;
        _store = new DiskObjectStore(new DiskOptions { Directory = Folder }, TimeProvider.System, null, new DiskCalls());
    }

    public string Folder { get; }

    public IObjectStore Store => _store;

    public int PartSizeBytes => 70_000;

    public int ManyCount => 2500;

    public void Dispose()
    {
        _store.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}

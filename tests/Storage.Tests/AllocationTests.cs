using GrainVault.Storage.Tests.Conformance;
using GrainVault.Storage.Tests.Disk;
using GrainVault.Storage.Tests.S3;

namespace GrainVault.Storage.Tests;

/// <summary>
/// Garbage per part, which does not depend on the machine as time does. Alone in its collection, since the count is the
/// whole process's.
/// </summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests
{
    private const int PartSizeBytes = 8 << 20;
    private const int WarmUpCount = 10;
    private const int PartCount = 20;

    [Fact]
    public async Task Part_of_8_MiB_on_disk_allocates_at_most_32_KiB()
    {
        using var fixture = new DiskFixture();
        Assert.InRange(await AllocatedPerPartAsync(fixture.Store), 0, 32 << 10);
    }

    [Fact]
    public async Task Part_of_8_MiB_on_S3_allocates_at_most_300_KiB()
    {
        var fixture = new S3Fixture();
        await fixture.InitializeAsync();
        Assert.InRange(await AllocatedPerPartAsync(fixture.Store), 0, 300 << 10);
        await fixture.DisposeAsync();
    }

    private static async Task<long> AllocatedPerPartAsync(IObjectStore store)
    {
        var multipart = (IMultipartStore)store;
        var key = ObjectKeys.NewContentKey();
        var id = await multipart.InitiateAsync(key);
        var content = Content.Random(PartSizeBytes);
        for (var i = 0; i < WarmUpCount; i++)
            await multipart.PutPartAsync(key, id, 1 + i, content);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < PartCount; i++)
            await multipart.PutPartAsync(key, id, 1 + i, content);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        await multipart.AbortAsync(key, id);
        return allocated / PartCount;
    }
}

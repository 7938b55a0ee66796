using GrainVault.Storage.Tests.Conformance;
using GrainVault.Storage.Tests.Disk;

namespace GrainVault.Storage.Tests;

public sealed class StoreMarkerTests : IDisposable
{
    private readonly DiskFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task First_installation_owns_the_store_and_a_second_one_learns_whose_it_is()
    {
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        Assert.Null(await StoreMarker.ReadAsync(_fixture.Store));
        Assert.Equal(first, await StoreMarker.EnsureAsync(_fixture.Store, first));
        Assert.Equal(first, await StoreMarker.EnsureAsync(_fixture.Store, first));
        Assert.Equal(first, await StoreMarker.EnsureAsync(_fixture.Store, second));
        Assert.Equal(first, await StoreMarker.ReadAsync(_fixture.Store));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [InlineData(1000)]
    public async Task Object_that_is_no_marker_is_refused_and_kept(int sizeBytes)
    {
        await _fixture.Store.PutAsync(ObjectKeys.Marker, Content.Random(sizeBytes));
        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => StoreMarker.EnsureAsync(_fixture.Store, Guid.NewGuid()));
        Assert.Equal(ObjectStoreError.Refused, error.Error);
        Assert.Equal(sizeBytes, (await _fixture.Store.FindAsync(ObjectKeys.Marker))!.SizeBytes);
    }

    [Fact]
    public void New_keys_are_valid_and_differ()
    {
        var keys = Enumerable.Range(0, 1000).Select(_ => ObjectKeys.NewContentKey()).ToList();
        Assert.All(keys, key => Assert.True(ObjectKeys.IsValid(key)));
        Assert.Equal(1000, keys.Distinct().Count());
        Assert.InRange(keys.Select(key => key[..11]).Distinct().Count(), 200, 256);
        Assert.True(ObjectKeys.IsValid(ObjectKeys.Marker));
    }

    [Fact]
    public void Key_is_as_long_as_file_systems_allow_and_no_longer()
    {
        Assert.True(ObjectKeys.IsValid(new string('a', ObjectKeys.SegmentLengthMax)));
        Assert.False(ObjectKeys.IsValid(new string('a', ObjectKeys.SegmentLengthMax + 1)));
        Assert.False(ObjectKeys.IsValid(string.Join('/', Enumerable.Repeat("abcdefghi", 60))));
    }
}

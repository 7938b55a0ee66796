namespace GrainVault.Storage.Tests.Conformance;

public abstract class CopyConformance<TFixture>(TFixture fixture) : StoreConformance<TFixture>(fixture)
    where TFixture : class, IStoreFixture
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3_000_000)]
    public async Task Copy_has_the_bytes_of_its_source_and_lives_on_without_it(int sizeBytes)
    {
        var source = await Store.PutAsync(NewKey("source"), Content.Random(sizeBytes));
        var copy = await Copying.CopyAsync(NewKey("source"), source.ETag, NewKey("copy"));
        Assert.Equal(sizeBytes, copy.SizeBytes);
        Assert.Equal(copy, await Store.FindAsync(NewKey("copy")));
        await Store.DeleteAsync(NewKey("source"));
        Assert.Equal(Content.Bytes(sizeBytes), await ReadAllAsync(NewKey("copy")));
    }

    [Fact]
    public async Task Copy_of_an_object_in_parts_has_its_bytes()
    {
        var source = await PutPartsAsync(NewKey("source"), Content.Bytes(PartSizeBytes, 1), Content.Bytes(777, 2));
        await Copying.CopyAsync(NewKey("source"), source.ETag, NewKey("copy"));
        await Store.DeleteAsync(NewKey("source"));
        await CheckContentAsync(NewKey("copy"), Content.Bytes(PartSizeBytes, 1), Content.Bytes(777, 2));
    }

    [Fact]
    public async Task Source_that_was_replaced_is_not_copied()
    {
        var seen = await Store.PutAsync(NewKey("source"), Content.Random(1000, 1));
        await Store.PutAsync(NewKey("source"), Content.Random(1000, 2));
        Assert.Equal(ObjectStoreError.PreconditionFailed, await ErrorOfAsync(() => Copying.CopyAsync(NewKey("source"), seen.ETag, NewKey("copy"))));
        Assert.Null(await Store.FindAsync(NewKey("copy")));
    }

    [Fact]
    public async Task Source_is_deleted_only_while_it_is_the_one_that_was_copied()
    {
        var seen = await Store.PutAsync(NewKey("source"), Content.Random(1000, 1));
        var other = await Store.PutAsync(NewKey("source"), Content.Random(1000, 2));
        Assert.False(await Copying.DeleteSourceAsync(NewKey("source"), seen.ETag));
        Assert.Equal(other, await Store.FindAsync(NewKey("source")));
        Assert.True(await Copying.DeleteSourceAsync(NewKey("source"), other.ETag));
        Assert.Null(await Store.FindAsync(NewKey("source")));
        Assert.True(await Copying.DeleteSourceAsync(NewKey("source"), other.ETag));
    }

    [Fact]
    public async Task Source_that_is_gone_is_not_found()
    {
        var seen = await Store.PutAsync(NewKey("source"), Content.Random(1000));
        await Store.DeleteAsync(NewKey("source"));
        Assert.Equal(ObjectStoreError.NotFound, await ErrorOfAsync(() => Copying.CopyAsync(NewKey("source"), seen.ETag, NewKey("copy"))));
        Assert.Null(await Store.FindAsync(NewKey("copy")));
    }

    [Fact]
    public async Task Copy_repeated_gives_the_same_object()
    {
        var source = await Store.PutAsync(NewKey("source"), Content.Random(1000));
        var first = await Copying.CopyAsync(NewKey("source"), source.ETag, NewKey("copy"));
        Assert.Equal(first, await Copying.CopyAsync(NewKey("source"), source.ETag, NewKey("copy")));
        Assert.Equal([NewKey("copy"), NewKey("source")], (await ToListAsync(Listing.ListObjectsAsync(Prefix))).Select(item => item.Key));
    }

    [Fact]
    public async Task Cancelled_copy_throws_cancellation_and_leaves_nothing()
    {
        var source = await Store.PutAsync(NewKey("source"), Content.Random(1000));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Copying.CopyAsync(NewKey("source"), source.ETag, NewKey("copy"), new CancellationToken(canceled: true)));
        Assert.Null(await Store.FindAsync(NewKey("copy")));
    }

    [Fact]
    public async Task Target_outside_the_pattern_of_keys_is_refused()
    {
        var source = await Store.PutAsync(NewKey("source"), Content.Random(1));
        await Assert.ThrowsAsync<ArgumentException>(() => Copying.CopyAsync(NewKey("source"), source.ETag, "objects/../x"));
        await Assert.ThrowsAsync<ArgumentException>(() => Copying.CopyAsync("objects/../x", source.ETag, NewKey("copy")));
    }
}

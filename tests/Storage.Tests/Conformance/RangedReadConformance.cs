namespace GrainVault.Storage.Tests.Conformance;

public abstract class RangedReadConformance<TFixture>(TFixture fixture) : StoreConformance<TFixture>(fixture)
    where TFixture : class, IStoreFixture
{
    [Fact]
    public async Task Ranges_of_a_whole_object_hold_exactly_their_bytes()
    {
        var (key, bytes) = (NewKey(), Content.Bytes(100_000));
        await Store.PutAsync(key, Content.Of(bytes));
        await CheckRangesAsync(key, bytes, (0, 1), (0, 100_000), (99_999, 1), (12_345, 54_321), (50_000, 0));
    }

    [Fact]
    public async Task Ranges_across_parts_hold_exactly_their_bytes()
    {
        var key = NewKey();
        byte[][] parts = [Content.Bytes(PartSizeBytes, 1), Content.Bytes(PartSizeBytes, 2), Content.Bytes(1000, 3)];
        await PutPartsAsync(key, parts);
        var bytes = parts.SelectMany(part => part).ToArray();
        var size = PartSizeBytes;
        await CheckRangesAsync(
            key, bytes, (0, bytes.Length), (size - 1, 2), (size, 1), (size, size), (size - 1, size + 2), ((2 * size) + 999, 1), (10, 0), (bytes.Length, 0));
    }

    [Theory]
    [InlineData(1001, 1)]
    [InlineData(500, 501)]
    [InlineData(long.MaxValue, 1)]
    public async Task Range_past_the_end_is_a_bug_of_the_caller(long offset, long length)
    {
        var key = NewKey();
        await Store.PutAsync(key, Content.Random(1000));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Ranged.OpenReadAsync(key, offset, length));
    }

    [Fact]
    public async Task Open_read_survives_the_deletion_of_a_whole_object_or_throws()
    {
        var (key, bytes) = (NewKey(), Content.Bytes(3_000_000));
        await Store.PutAsync(key, Content.Of(bytes));
        await using var stream = await Store.OpenReadAsync(key);
        var head = new byte[10];
        await stream.ReadExactlyAsync(head);
        await Store.DeleteAsync(key);
        using var copy = new MemoryStream();
        var error = await Record.ExceptionAsync(() => stream.CopyToAsync(copy));
        Assert.True(error is ObjectStoreException || head.Concat(copy.ToArray()).SequenceEqual(bytes));
    }

    private async Task CheckRangesAsync(string key, byte[] bytes, params (int Offset, int Length)[] ranges)
    {
        foreach (var (offset, length) in ranges)
        {
            await using var stream = await Ranged.OpenReadAsync(key, offset, length);
            using var copy = new MemoryStream();
            await stream.CopyToAsync(copy);
            Assert.True(bytes.AsSpan(offset, length).SequenceEqual(copy.ToArray()), $"range {offset}+{length}");
        }
    }
}

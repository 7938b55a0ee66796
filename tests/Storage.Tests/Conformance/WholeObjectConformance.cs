using System.Security.Cryptography;

namespace GrainVault.Storage.Tests.Conformance;

public abstract class WholeObjectConformance<TFixture>(TFixture fixture) : StoreConformance<TFixture>(fixture)
    where TFixture : class, IStoreFixture
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(8_388_609)]
    public async Task Object_put_is_read_back_with_the_same_bytes(int sizeBytes)
    {
        var (key, bytes) = (NewKey(), Content.Bytes(sizeBytes));
        var stored = await Store.PutAsync(key, Content.Of(bytes));
        Assert.Equal(sizeBytes, stored.SizeBytes);
        Assert.NotEmpty(stored.ETag);
        Assert.DoesNotContain('"', stored.ETag);
        Assert.Equal(stored, await Store.FindAsync(key));
        Assert.Equal(bytes, await ReadAllAsync(key));
    }

    [Fact]
    public async Task Object_put_without_a_known_hash_is_read_back()
    {
        var (key, bytes) = (NewKey(), Content.Bytes(100_000));
        await Store.PutAsync(key, new StoreContent(bytes, ReadOnlyMemory<byte>.Empty));
        Assert.Equal(bytes, await ReadAllAsync(key));
    }

    [Fact]
    public async Task Object_from_the_middle_of_a_buffer_holds_only_that_slice()
    {
        var (key, buffer) = (NewKey(), Content.Bytes(100_000));
        var slice = buffer.AsMemory(1000, 50_000);
        await Store.PutAsync(key, new StoreContent(slice, SHA256.HashData(slice.Span)));
        Assert.Equal(slice.ToArray(), await ReadAllAsync(key));
    }

    [Fact]
    public async Task Second_put_replaces_the_first_and_changes_the_etag()
    {
        var key = NewKey();
        var first = await Store.PutAsync(key, Content.Random(1000, 1));
        var second = await Store.PutAsync(key, Content.Random(2000, 2));
        Assert.NotEqual(first.ETag, second.ETag);
        Assert.Equal(second, await Store.FindAsync(key));
        Assert.Equal(Content.Bytes(2000, 2), await ReadAllAsync(key));
    }

    [Fact]
    public async Task What_is_not_there_is_null_not_found_and_deleted_without_error()
    {
        var key = NewKey("missing");
        Assert.Null(await Store.FindAsync(key));
        Assert.Equal(ObjectStoreError.NotFound, await ErrorOfAsync(() => Store.OpenReadAsync(key)));
        Assert.Equal(ObjectStoreError.NotFound, await ErrorOfAsync(() => Ranged.OpenReadAsync(key, 0, 1)));
        await Store.DeleteAsync(key);
    }

    [Fact]
    public async Task Deleted_object_is_gone_and_can_be_deleted_again()
    {
        var key = NewKey();
        await Store.PutAsync(key, Content.Random(1000));
        await Store.DeleteAsync(key);
        Assert.Null(await Store.FindAsync(key));
        Assert.Equal(ObjectStoreError.NotFound, await ErrorOfAsync(() => Store.OpenReadAsync(key)));
        await Store.DeleteAsync(key);
    }

    [Fact]
    public async Task Key_and_longer_key_under_it_are_two_objects()
    {
        await Store.PutAsync(NewKey("a"), Content.Random(10, 1));
        await Store.PutAsync(NewKey("a/b"), Content.Random(20, 2));
        Assert.Equal(10, (await Store.FindAsync(NewKey("a")))!.SizeBytes);
        await Store.DeleteAsync(NewKey("a"));
        Assert.Equal(20, (await Store.FindAsync(NewKey("a/b")))!.SizeBytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("objects/../../x")]
    [InlineData("objects/./x")]
    [InlineData("objects//x")]
    [InlineData("objects/x/")]
    [InlineData("objects/X")]
    [InlineData("objects/a b")]
    [InlineData("objects/a+obj")]
    [InlineData("objects/a\0")]
    [InlineData("objects\\a")]
    [InlineData("objects/ä")]
    public async Task Key_outside_the_pattern_is_refused(string key)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(key, Content.Random(1)));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.FindAsync(key));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.OpenReadAsync(key));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync(key));
        await Assert.ThrowsAsync<ArgumentException>(() => Multipart.InitiateAsync(key));
    }

    [Fact]
    public async Task Concurrent_puts_of_one_key_leave_one_of_them_whole()
    {
        var key = NewKey();
        var contents = Enumerable.Range(1, 8).Select(seed => Content.Bytes(300_000, seed)).ToArray();
        await Task.WhenAll(contents.Select(bytes => Store.PutAsync(key, Content.Of(bytes))));
        var read = await ReadAllAsync(key);
        Assert.Contains(contents, bytes => bytes.AsSpan().SequenceEqual(read));
    }

    [Fact]
    public async Task Cancelled_calls_throw_cancellation_and_nothing_else()
    {
        var (key, cancelled) = (NewKey(), new CancellationToken(canceled: true));
        var id = await Multipart.InitiateAsync(key);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync(key, Content.Random(1000), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.FindAsync(key, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.OpenReadAsync(key, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Multipart.PutPartAsync(key, id, 1, Content.Random(1000), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Multipart.CompleteAsync(key, id, [], cancelled));
        Assert.Null(await Store.FindAsync(key));
        Assert.True(await Multipart.AbortAsync(key, id));
    }
}

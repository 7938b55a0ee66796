namespace GrainVault.Storage.Tests.Conformance;

public abstract class ListingConformance<TFixture>(TFixture fixture) : StoreConformance<TFixture>(fixture)
    where TFixture : class, IStoreFixture
{
    [Fact]
    public async Task Objects_are_listed_in_the_order_of_keys_with_their_sizes()
    {
        string[] names = ["a", "a-b", "a.b", "a/b", "a/c/d", "a0", "a_b", "ab", "b/a", "b"];
        for (var i = 0; i < names.Length; i++)
            await Store.PutAsync(NewKey(names[i]), Content.Random(10 + i));
        await PutPartsAsync(NewKey("m"), Content.Bytes(PartSizeBytes), Content.Bytes(5));
        var listed = await ToListAsync(Listing.ListObjectsAsync(Prefix));
        Assert.Equal(names.Append("m").Select(NewKey).Order(StringComparer.Ordinal), listed.Select(item => item.Key));
        Assert.Equal(PartSizeBytes + 5, listed[^1].SizeBytes);
        Assert.Equal(10 + Array.IndexOf(names, "a_b"), listed.Single(item => item.Key == NewKey("a_b")).SizeBytes);
        Assert.All(listed, item => Assert.InRange(item.LastModified, DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddMinutes(10)));
    }

    [Fact]
    public async Task Prefix_need_not_end_at_a_slash()
    {
        foreach (var name in new[] { "x/aa", "x/ab", "x/b", "xa", "y" })
            await Store.PutAsync(NewKey(name), Content.Random(1));
        Assert.Equal([NewKey("x/aa"), NewKey("x/ab")], await KeysAsync(NewKey("x/a")));
        Assert.Equal([NewKey("x/aa"), NewKey("x/ab"), NewKey("x/b"), NewKey("xa")], await KeysAsync(NewKey("x")));
        Assert.Empty(await KeysAsync(NewKey("x/aaa")));
        Assert.Empty(await KeysAsync(NewKey("z")));
    }

    [Fact]
    public async Task Unfinished_uploads_are_listed_until_they_are_completed_or_aborted()
    {
        var before = DateTimeOffset.UtcNow.AddMinutes(-10);
        var ids = new List<string>();
        foreach (var name in new[] { "b", "a", "c" })
            ids.Add(await Multipart.InitiateAsync(NewKey(name)));
        var second = await Multipart.InitiateAsync(NewKey("b"));
        var listed = await ToListAsync(Listing.ListUploadsAsync(Prefix));
        Assert.Equal([NewKey("a"), NewKey("b"), NewKey("b"), NewKey("c")], listed.Select(item => item.Key));
        Assert.Equal(new[] { ids[0], second }.Order(), listed.Where(item => item.Key == NewKey("b")).Select(item => item.StoreUploadId).Order());
        Assert.All(listed, item => Assert.InRange(item.Initiated, before, DateTimeOffset.UtcNow.AddMinutes(10)));
        Assert.Empty(await KeysAsync(Prefix));

        await Multipart.AbortAsync(NewKey("a"), ids[1]);
        var part = await Multipart.PutPartAsync(NewKey("c"), ids[2], 1, Content.Random(10));
        await Multipart.CompleteAsync(NewKey("c"), ids[2], [part]);
        await Multipart.AbortAsync(NewKey("b"), second);
        Assert.Equal([ids[0]], (await ToListAsync(Listing.ListUploadsAsync(Prefix))).Select(item => item.StoreUploadId));
        Assert.Equal([NewKey("c")], await KeysAsync(Prefix));
        await Multipart.AbortAsync(NewKey("b"), ids[0]);
    }

    [Fact]
    public async Task Listing_of_many_objects_skips_and_repeats_none()
    {
        var names = Enumerable.Range(0, Fixture.ManyCount).Select(i => i % 3 == 0 ? $"d{i % 7}/k{i}" : $"k{i}").ToArray();
        var content = Content.Random(3);
        await Parallel.ForEachAsync(
            names,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (name, cancellationToken) => await Store.PutAsync(NewKey(name), content, cancellationToken));
        Assert.Equal(names.Select(NewKey).Order(StringComparer.Ordinal), await KeysAsync(Prefix));
    }

    [Fact]
    public async Task Listing_of_many_uploads_skips_and_repeats_none()
    {
        var uploads = new System.Collections.Concurrent.ConcurrentBag<(string Key, string Id)>();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Fixture.ManyCount),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (i, cancellationToken) => uploads.Add((NewKey($"k{i}"), await Multipart.InitiateAsync(NewKey($"k{i}"), cancellationToken))));
        var listed = await ToListAsync(Listing.ListUploadsAsync(Prefix));
        Assert.Equal(uploads.Order(), listed.Select(item => (item.Key, item.StoreUploadId)).Order());
        Assert.Equal(listed.Select(item => item.Key).Order(StringComparer.Ordinal), listed.Select(item => item.Key));
        await Parallel.ForEachAsync(
            uploads,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (upload, cancellationToken) => await Multipart.AbortAsync(upload.Key, upload.Id, cancellationToken));
        Assert.Empty(await ToListAsync(Listing.ListUploadsAsync(Prefix)));
    }

    [Fact]
    public async Task Listing_can_be_cancelled()
    {
        await Store.PutAsync(NewKey(), Content.Random(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ToListAsync(Listing.ListObjectsAsync(Prefix, new CancellationToken(canceled: true))));
    }

    private async Task<IEnumerable<string>> KeysAsync(string prefix) =>
        (await ToListAsync(Listing.ListObjectsAsync(prefix))).Select(item => item.Key);
}

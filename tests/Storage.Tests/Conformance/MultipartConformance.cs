namespace GrainVault.Storage.Tests.Conformance;

public abstract class MultipartConformance<TFixture>(TFixture fixture) : StoreConformance<TFixture>(fixture)
    where TFixture : class, IStoreFixture
{
    [Fact]
    public async Task Parts_written_out_of_order_read_in_order()
    {
        var key = NewKey();
        var parts = new[] { Content.Bytes(PartSizeBytes, 1), Content.Bytes(PartSizeBytes, 2), Content.Bytes(777, 3) };
        var id = await Multipart.InitiateAsync(key);
        var third = await Multipart.PutPartAsync(key, id, 3, Content.Of(parts[2]));
        var first = await Multipart.PutPartAsync(key, id, 1, Content.Of(parts[0]));
        var second = await Multipart.PutPartAsync(key, id, 2, Content.Of(parts[1]));
        Assert.Null(await Store.FindAsync(key));
        var stored = await Multipart.CompleteAsync(key, id, [first, second, third]);
        Assert.Equal((2 * PartSizeBytes) + 777, stored.SizeBytes);
        Assert.NotEmpty(stored.ETag);
        Assert.Equal(stored, await Store.FindAsync(key));
        await CheckContentAsync(key, parts);
    }

    [Fact]
    public async Task Part_written_twice_counts_once_and_the_second_wins()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        var old = await Multipart.PutPartAsync(key, id, 1, Content.Random(500, 1));
        var replaced = await Multipart.PutPartAsync(key, id, 1, Content.Random(600, 2));
        Assert.NotEqual(old.ETag, replaced.ETag);
        Assert.Equal([replaced], await Multipart.ListPartsAsync(key, id, 0));
        await Multipart.CompleteAsync(key, id, [replaced]);
        Assert.Equal(Content.Bytes(600, 2), await ReadAllAsync(key));
    }

    [Fact]
    public async Task Same_part_written_again_has_the_same_etag()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        var first = await Multipart.PutPartAsync(key, id, 7, Content.Random(500));
        var second = await Multipart.PutPartAsync(key, id, 7, Content.Random(500));
        Assert.Equal(first, second);
        Assert.True(await Multipart.AbortAsync(key, id));
    }

    [Fact]
    public async Task Concurrent_writers_of_one_part_leave_one_of_them_whole()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        var contents = Enumerable.Range(1, 6).Select(seed => Content.Bytes(200_000 + seed, seed)).ToArray();
        await Task.WhenAll(contents.Select(bytes => Multipart.PutPartAsync(key, id, 1, Content.Of(bytes))));
        var part = Assert.Single(await Multipart.ListPartsAsync(key, id, 0));
        await Multipart.CompleteAsync(key, id, [part]);
        var read = await ReadAllAsync(key);
        Assert.Equal(part.SizeBytes, read.Length);
        Assert.Contains(contents, bytes => bytes.AsSpan().SequenceEqual(read));
    }

    [Fact]
    public async Task Completion_repeated_gives_the_same_object()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        var part = await Multipart.PutPartAsync(key, id, 1, Content.Random(5000));
        var first = await Multipart.CompleteAsync(key, id, [part]);
        var second = await Multipart.CompleteAsync(key, id, [part]);
        Assert.Equal(first, second);
        Assert.Equal(Content.Bytes(5000), await ReadAllAsync(key));
    }

    [Fact]
    public async Task Completions_at_the_same_time_give_the_same_object()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        var part = await Multipart.PutPartAsync(key, id, 1, Content.Random(5000));
        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Multipart.CompleteAsync(key, id, [part])));
        Assert.Single(all.Distinct());
        Assert.Equal(Content.Bytes(5000), await ReadAllAsync(key));
    }

    [Fact]
    public async Task Completion_with_a_missing_or_wrong_part_is_refused_and_the_upload_goes_on()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        var first = await Multipart.PutPartAsync(key, id, 1, Content.Random(PartSizeBytes));
        var missing = first with { Number = 2 };
        var wrong = first with { ETag = "0123456789abcdef0123456789abcdef" };
        Assert.Equal(ObjectStoreError.InvalidPart, await ErrorOfAsync(() => Multipart.CompleteAsync(key, id, [first, missing])));
        Assert.Equal(ObjectStoreError.InvalidPart, await ErrorOfAsync(() => Multipart.CompleteAsync(key, id, [wrong])));
        Assert.Null(await Store.FindAsync(key));
        var second = await Multipart.PutPartAsync(key, id, 2, Content.Random(10, 2));
        Assert.Equal([first, second], await Multipart.ListPartsAsync(key, id, 0));
        Assert.Equal(PartSizeBytes + 10, (await Multipart.CompleteAsync(key, id, [first, second])).SizeBytes);
    }

    [Fact]
    public async Task Part_numbers_may_have_gaps()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        var low = await Multipart.PutPartAsync(key, id, 3, Content.Random(PartSizeBytes, 3));
        var high = await Multipart.PutPartAsync(key, id, 10_000, Content.Random(9, 4));
        await Multipart.CompleteAsync(key, id, [low, high]);
        await CheckContentAsync(key, Content.Bytes(PartSizeBytes, 3), Content.Bytes(9, 4));
    }

    [Fact]
    public async Task Part_number_outside_its_range_is_a_bug_of_the_caller()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Multipart.PutPartAsync(key, id, 0, Content.Random(1)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Multipart.PutPartAsync(key, id, 10_001, Content.Random(1)));
        Assert.True(await Multipart.AbortAsync(key, id));
    }

    [Fact]
    public async Task Unknown_upload_is_not_found_and_aborted_without_error()
    {
        var key = NewKey();
        var part = new StoredPart(1, 10, "0123456789abcdef0123456789abcdef");
        foreach (var id in new[] { "nonsense", "../../x", Guid.NewGuid().ToString("n") })
        {
            Assert.Equal(ObjectStoreError.UploadNotFound, await ErrorOfAsync(() => Multipart.PutPartAsync(key, id, 1, Content.Random(10))));
            Assert.Equal(ObjectStoreError.UploadNotFound, await ErrorOfAsync(() => Multipart.ListPartsAsync(key, id, 0)));
            Assert.Equal(ObjectStoreError.UploadNotFound, await ErrorOfAsync(() => Multipart.CompleteAsync(key, id, [part])));
            Assert.True(await Multipart.AbortAsync(key, id));
        }
    }

    [Fact]
    public async Task Aborted_upload_takes_no_part_and_gives_no_object()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        var part = await Multipart.PutPartAsync(key, id, 1, Content.Random(1000));
        Assert.True(await Multipart.AbortAsync(key, id));
        Assert.True(await Multipart.AbortAsync(key, id));
        Assert.Equal(ObjectStoreError.UploadNotFound, await ErrorOfAsync(() => Multipart.PutPartAsync(key, id, 2, Content.Random(10))));
        Assert.Equal(ObjectStoreError.UploadNotFound, await ErrorOfAsync(() => Multipart.CompleteAsync(key, id, [part])));
        Assert.Null(await Store.FindAsync(key));
    }

    [Fact]
    public async Task Abort_that_races_parts_leaves_nothing_once_it_says_so()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        var writers = Enumerable.Range(1, 8).Select(async number =>
        {
            try
            {
                await Multipart.PutPartAsync(key, id, number, Content.Random(400_000, number));
            }
            catch (ObjectStoreException e) when (e.Error == ObjectStoreError.UploadNotFound)
            {
                // The abort was first.
            }
        }).ToArray();
        var aborted = await Multipart.AbortAsync(key, id);
        await Task.WhenAll(writers);
        for (var round = 0; !aborted && round < 10; round++)
            aborted = await Multipart.AbortAsync(key, id);
        Assert.True(aborted);
        Assert.True(await Multipart.AbortAsync(key, id));
        Assert.Empty(await ToListAsync(Listing.ListUploadsAsync(Prefix)));
    }

    [Fact]
    public async Task Abort_after_completion_leaves_the_object_alone()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        var part = await Multipart.PutPartAsync(key, id, 1, Content.Random(1000));
        await Multipart.CompleteAsync(key, id, [part]);
        Assert.True(await Multipart.AbortAsync(key, id));
        Assert.Equal(Content.Bytes(1000), await ReadAllAsync(key));
    }

    [Fact]
    public async Task Late_part_after_completion_changes_nothing()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        var part = await Multipart.PutPartAsync(key, id, 1, Content.Random(1000, 1));
        await Multipart.CompleteAsync(key, id, [part]);
        Assert.Equal(ObjectStoreError.UploadNotFound, await ErrorOfAsync(() => Multipart.PutPartAsync(key, id, 1, Content.Random(1000, 2))));
        Assert.Equal(Content.Bytes(1000, 1), await ReadAllAsync(key));
    }

    [Fact]
    public async Task Parts_are_listed_page_by_page_in_order()
    {
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        Assert.Empty(await Multipart.ListPartsAsync(key, id, 0));
        var content = Content.Random(16);
        await Parallel.ForEachAsync(
            Enumerable.Range(1, Fixture.ManyCount),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (number, cancellationToken) => await Multipart.PutPartAsync(key, id, number, content, cancellationToken));
        var (numbers, pageCount, after) = (new List<int>(), 0, 0);
        while (await Multipart.ListPartsAsync(key, id, after) is { Count: > 0 } page)
        {
            Assert.InRange(page.Count, 1, 1000);
            Assert.All(page, part => Assert.Equal(16, part.SizeBytes));
            numbers.AddRange(page.Select(part => part.Number));
            after = numbers[^1];
            pageCount++;
        }

        Assert.Equal(Enumerable.Range(1, Fixture.ManyCount), numbers);
        Assert.True(pageCount > 1);
        Assert.True(await Multipart.AbortAsync(key, id));
    }

    [Fact]
    public async Task Object_of_more_than_100_MiB_reads_back_with_the_same_hash()
    {
        const int partSizeBytes = 8 << 20;
        const int partCount = 14;
        var key = NewKey();
        var id = await Multipart.InitiateAsync(key);
        using var written = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        var parts = new List<StoredPart>();
        for (var number = 1; number <= partCount; number++)
        {
            var bytes = Content.Bytes(partSizeBytes, number);
            written.AppendData(bytes);
            parts.Add(await Multipart.PutPartAsync(key, id, number, Content.Of(bytes)));
        }

        var stored = await Multipart.CompleteAsync(key, id, parts);
        Assert.Equal((long)partCount * partSizeBytes, stored.SizeBytes);
        await using var stream = await Store.OpenReadAsync(key);
        Assert.Equal(written.GetHashAndReset(), await System.Security.Cryptography.SHA256.HashDataAsync(stream));
        await Store.DeleteAsync(key);
    }

    [Fact]
    public async Task Deleted_multipart_object_is_gone_with_its_parts()
    {
        var key = NewKey();
        await PutPartsAsync(key, Content.Bytes(PartSizeBytes, 1), Content.Bytes(10, 2));
        await Store.DeleteAsync(key);
        Assert.Null(await Store.FindAsync(key));
        Assert.Empty(await ToListAsync(Listing.ListObjectsAsync(Prefix)));
        Assert.Empty(await ToListAsync(Listing.ListUploadsAsync(Prefix)));
    }
}

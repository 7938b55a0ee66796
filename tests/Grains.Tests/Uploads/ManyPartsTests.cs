using GrainVault.Grains.Tests.Support;
using GrainVault.Storage;
using GrainVault.TestKit.FakeS3;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

/// <summary>What is measured here must not be disturbed by what others do at the same time.</summary>
[CollectionDefinition(nameof(ManyPartsTests), DisableParallelization = true)]
public sealed class ManyPartsAlone;

/// <summary>A session of as many parts as S3 takes. Their bytes are not there; the ledger and the store's lists of them are.</summary>
[Collection(nameof(ManyPartsTests))]
public sealed class ManyPartsTests(FakeS3Host host) : IClassFixture<FakeS3Host>
{
    private const int PartCount = 10_000;
    private const int PageLength = 1_000;

    /// <summary>Most bytes that a completion allocates for each part beside what the store's client does for its own calls.</summary>
    private const long PartBudgetBytes = 2_048;

    [Fact]
    public async Task Ten_thousand_parts_are_checked_page_by_page_and_become_a_file()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync(
            TestUser.Command("many.bin", (long)PartCount * GrainsHost.PartSize) with { Mode = UploadMode.Direct });
        Assert.Equal(PartCount, upload.PartCount);
        foreach (var numbers in Enumerable.Range(1, PartCount).Chunk(PageLength))
            Assert.Equal(numbers, (await user.Session(upload.Id).PresignAsync(numbers)).Parts.Select(part => part.Number));
        var key = await host.ScalarAsync<string>("SELECT object_key FROM uploads WHERE id = $1", upload.Id);
        var storeUploadId = await host.ScalarAsync<string>("SELECT store_upload_id FROM uploads WHERE id = $1", upload.Id);
        FakePart Send(int number, long sizeBytes = GrainsHost.PartSize) => host.Bucket.PutSparsePart(key, storeUploadId, number, sizeBytes);
        for (var number = 1; number <= PartCount; number++)
        {
            if (number != 7_000)
                Send(number);
        }

        var refused = (await user.CompleteAsync(upload.Id)).Refusal!;
        Assert.Equal((RefusalReason.MissingParts, 7_000), (refused.Reason, refused.Parts!.Single()));

        var claims = Enumerable.Range(1, PartCount).Select(number => new PartTag(number, $"\"{Send(7_000).ETag}\"")).ToList();
        Send(9_999, GrainsHost.PartSize - 1);
        host.Bucket.PutPart(key, storeUploadId, 5_000, FakeContent.Of(GrainsHost.Bytes(GrainsHost.PartSize)));
        refused = (await user.CompleteAsync(upload.Id, new CompleteUploadCommand(claims, null, null, null, null, null))).Refusal!;
        Assert.Equal(RefusalReason.InvalidPart, refused.Reason);
        Assert.Equal([5_000, 9_999], refused.Parts!);

        Send(5_000);
        Send(9_999);
        var ownCosts = await CostOfStoreCallsAsync();
        host.Server.Calls.Clear();
        using var statements = new StatementCounter();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var file = await user.CompleteAsync(upload.Id);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

        Assert.Null(file.Refusal);
        Assert.Equal(upload.SizeBytes, file.Entry!.SizeBytes);
        Assert.Equal(PartCount / PageLength, host.Server.Count("ListParts"));
        Assert.Equal(
            ["CompleteMultipartUpload", "HeadObject"],
            host.Server.Calls.Select(call => call.Operation).Where(operation => operation != "ListParts"));
        // The session, the ledger's parts, those that it did not have, the fence, the commit.
        Assert.Equal(5, statements.Count);
        Assert.InRange(allocated - ownCosts, 0, PartCount * PartBudgetBytes);
    }

    [Fact]
    public async Task Store_that_lists_the_same_parts_for_ever_is_refused()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync(TestUser.Command("circle.bin", 2L * GrainsHost.PartSize) with { Mode = UploadMode.Direct });
        Assert.Null((await user.Session(upload.Id).PresignAsync([1, 2])).Refusal);
        var key = await host.ScalarAsync<string>("SELECT object_key FROM uploads WHERE id = $1", upload.Id);
        var storeUploadId = await host.ScalarAsync<string>("SELECT store_upload_id FROM uploads WHERE id = $1", upload.Id);
        foreach (var number in (int[])[1, 2])
            host.Bucket.PutSparsePart(key, storeUploadId, number, GrainsHost.PartSize);
        host.Store.PartsListedAfter = 0;

        Assert.Equal(RefusalReason.Unavailable, (await user.CompleteAsync(upload.Id)).Refusal!.Reason);

        host.Store.PartsListedAfter = null;
        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
    }

    /// <summary>Bytes that the store's client, and the fake server in this process, allocate for the calls of such a completion.</summary>
    private async Task<long> CostOfStoreCallsAsync()
    {
        var key = ObjectKeys.NewContentKey();
        var multipart = (IMultipartStore)host.Store.Inner;
        var storeUploadId = await multipart.InitiateAsync(key);
        for (var number = 1; number <= PartCount; number++)
            host.Bucket.PutSparsePart(key, storeUploadId, number, GrainsHost.PartSize);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var parts = new List<StoredPart>(PartCount);
        while (parts.Count < PartCount)
            parts.AddRange(await multipart.ListPartsAsync(key, storeUploadId, parts.Count));
        await multipart.CompleteAsync(key, storeUploadId, parts);
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }
}

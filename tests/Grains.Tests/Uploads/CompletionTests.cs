using System.Security.Cryptography;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Storage;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

public sealed class CompletionTests(GrainsHost host) : IClassFixture<GrainsHost>, IDisposable
{
    private static readonly byte[] Content = GrainsHost.Bytes((2 * GrainsHost.PartSize) + 10, seed: 9);
    private static readonly string ContentSha256 = Convert.ToHexStringLower(SHA256.HashData(Content));

    public void Dispose() => (host.Store.Before, host.Store.After) = (null, null);

    [Fact]
    public async Task Missing_parts_are_listed_and_leave_the_session_open()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("missing.bin", Content.Length);
        await user.PutAsync(upload.Id, 2, Content[GrainsHost.PartSize..(2 * GrainsHost.PartSize)]);

        var refused = await user.CompleteAsync(upload.Id);

        Assert.Equal(RefusalReason.MissingParts, refused.Refusal!.Reason);
        Assert.Equal([1, 3], refused.Refusal.Parts!);
        await user.PutAsync(upload.Id, 1, Content[..GrainsHost.PartSize]);
        await user.PutAsync(upload.Id, 3, Content[(2 * GrainsHost.PartSize)..]);
        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
    }

    [Fact]
    public async Task Completing_at_once_and_again_gives_one_and_the_same_file()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("joined.bin", Content.Length);
        await user.PutAllAsync(upload, Content);

        var files = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => user.CompleteAsync(upload.Id)));
        var again = await user.CompleteAsync(upload.Id);

        Assert.All(files, file => Assert.Equal(again.Entry, file.Entry));
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM file_versions WHERE file_id = $1", again.Entry!.Id));
        var info = (await user.Session(upload.Id).GetAsync(0, 10)).Upload!;
        Assert.Equal((UploadState.Completed, again.Entry.Id), (info.State, info.File!.Id));
    }

    [Fact]
    public async Task Writer_that_waited_for_another_gets_no_right_under_a_completion()
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes(GrainsHost.PartSize + 1000);
        for (var round = 0; round < 20; round++)
        {
            var upload = await user.CreateAsync($"contested-{round}.bin", content.Length);
            await user.PutAllAsync(upload, content);
            var session = user.Session(upload.Id);
            var first = await session.BeginPartAsync(1, GrainsHost.PartSize, new byte[32]);
            var waiting = session.BeginPartAsync(1, GrainsHost.PartSize, [.. Enumerable.Repeat((byte)1, 32)]);
            var completing = session.CompleteAsync(new CompleteUploadCommand(null, null, null, null, null, null));
            // The session takes calls in order: both wait when this one is answered.
            Assert.Equal(UploadState.Open, (await session.GetAsync(0, 1)).Upload!.State);

            // Now both go on, in an order that nobody promises.
            await session.EndPartAsync(1, PartEnd.Failed, first.Epoch, first.Ticket);
            var right = await waiting;
            if (right.Refusal is null)
            {
                // It came first: then the completion waits for it, however many calls pass.
                for (var call = 0; call < 20; call++)
                    Assert.Equal(UploadState.Open, (await session.GetAsync(0, 1)).Upload!.State);
                await session.EndPartAsync(1, PartEnd.Failed, right.Epoch, right.Ticket);
            }
            else
            {
                Assert.Equal(RefusalReason.UploadClosed, right.Refusal.Reason);
            }

            Assert.Null((await completing).Refusal);
        }
    }

    [Fact]
    public async Task Empty_file_is_complete_at_once()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("empty", 0);
        Assert.Equal(0, upload.PartCount);
        Assert.Equal(RefusalReason.Invalid, (await user.Session(upload.Id).PlanPartAsync(1, 0)).Refusal!.Reason);

        var file = await user.CompleteAsync(upload.Id);

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData([])), file.Entry!.Sha256);
        Assert.Empty(await user.ReadAsync(file.Entry.Id));
    }

    [Fact]
    public async Task Announced_checksum_is_verified_by_reading_back()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync(TestUser.Command("verified.bin", Content.Length, ContentSha256));
        await user.PutAllAsync(upload, Content);

        Assert.Equal(ContentSha256, (await user.CompleteAsync(upload.Id)).Entry!.Sha256);
    }

    [Fact]
    public async Task Other_content_than_announced_never_becomes_a_file()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync(TestUser.Command("forged.bin", Content.Length, Convert.ToHexStringLower(SHA256.HashData([1]))));
        await user.PutAllAsync(upload, Content);

        Assert.Equal(RefusalReason.ChecksumMismatch, (await user.CompleteAsync(upload.Id)).Refusal!.Reason);
        Assert.Equal(RefusalReason.ChecksumMismatch, (await user.CompleteAsync(upload.Id)).Refusal!.Reason);
        Assert.Equal(UploadState.Aborted, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);
        Assert.Equal(RefusalReason.NotFound, (await user.Grain.FindByPathAsync("forged.bin")).Refusal!.Reason);
        var profile = await user.ProfileAsync();
        Assert.Equal((0L, 0L), (profile.UsedBytes, profile.ReservedBytes));
        await host.RestartAsync();
        Assert.Equal(RefusalReason.ChecksumMismatch, (await user.CompleteAsync(upload.Id)).Refusal!.Reason);
    }

    [Fact]
    public async Task Checksum_computed_on_the_way_is_kept_without_reading_back()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync(TestUser.Command("streamed.bin", Content.Length, ContentSha256));
        await user.PutAllAsync(upload, Content);
        host.Store.ClearCalls();

        var file = await user.CompleteAsync(upload.Id, new CompleteUploadCommand(null, null, ContentSha256, null, null, null));

        Assert.Equal(ContentSha256, file.Entry!.Sha256);
        Assert.Equal(0, host.Store.Count("OpenRead"));
    }

    [Fact]
    public async Task Name_lost_meanwhile_keeps_the_content_for_another_name()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("contested.bin", Content.Length);
        await user.PutAllAsync(upload, Content);
        await user.WriteFileAsync("CONTESTED.bin", [1]);

        Assert.Equal(RefusalReason.NameTaken, (await user.CompleteAsync(upload.Id)).Refusal!.Reason);
        Assert.Equal(UploadState.Assembled, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);
        Assert.Equal(RefusalReason.UploadClosed, (await user.PutAsync(upload.Id, 1, Content[..GrainsHost.PartSize])).Refusal!.Reason);
        host.Store.ClearCalls();
        var file = await user.CompleteAsync(upload.Id, new CompleteUploadCommand(null, null, null, "free.bin", null, null));

        Assert.Equal("free.bin", file.Entry!.Name);
        Assert.Equal(0, host.Store.Count("Complete"));
        Assert.Equal(Content, await user.ReadAsync(file.Entry.Id));
    }

    [Fact]
    public async Task Assembled_content_survives_a_restart_and_takes_another_rule()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("again.bin", Content.Length);
        await user.PutAllAsync(upload, Content);
        await user.WriteFileAsync("again.bin", [1]);
        await user.CompleteAsync(upload.Id);
        await host.RestartAsync();

        var file = await user.CompleteAsync(upload.Id, new CompleteUploadCommand(null, null, null, null, null, OnConflict.Rename));

        Assert.Equal("again (1).bin", file.Entry!.Name);
    }

    [Fact]
    public async Task New_version_replaces_the_content_and_keeps_name_and_owner()
    {
        var user = await host.SignUpAsync();
        var first = (await user.WriteFileAsync("versioned.bin", [1, 2, 3])).Entry!;
        var command = TestUser.Command("ignored", 5) with { Name = null, FileId = first.Id, ExpectedVersion = 1 };
        var upload = await user.CreateAsync(command);
        await user.PutAsync(upload.Id, 1, [1, 2, 3, 4, 5]);
        var late = await user.CreateAsync(command);
        await user.PutAsync(late.Id, 1, [9, 9, 9, 9, 9]);

        var second = (await user.CompleteAsync(upload.Id)).Entry!;
        var refused = await user.CompleteAsync(late.Id);

        Assert.Equal((first.Id, "versioned.bin", 2, 5L), (second.Id, second.Name, second.Version, second.SizeBytes));
        Assert.Equal([1, 2, 3, 4, 5], await user.ReadAsync(first.Id));
        Assert.Equal(RefusalReason.VersionConflict, refused.Refusal!.Reason);
        Assert.Equal(8L, (await user.ProfileAsync()).UsedBytes);
        Assert.Equal(3L, (await user.File(first.Id).OpenContentAsync(1)).Content!.SizeBytes);
    }

    [Fact]
    public async Task Part_that_the_store_lost_leaves_the_ledger_and_can_be_sent_again()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("lost.bin", Content.Length);
        await user.PutAllAsync(upload, Content);
        await host.ExecuteAsync("UPDATE upload_parts SET etag = 'another' WHERE upload_id = $1 AND number = 2", upload.Id);

        var refused = await user.CompleteAsync(upload.Id);

        Assert.Equal(RefusalReason.InvalidPart, refused.Refusal!.Reason);
        Assert.Equal([2], refused.Refusal.Parts!);
        Assert.Equal(UploadState.Open, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);
        await user.PutAsync(upload.Id, 2, Content[GrainsHost.PartSize..(2 * GrainsHost.PartSize)]);
        Assert.Equal(Content, await user.ReadAsync((await user.CompleteAsync(upload.Id)).Entry!.Id));
    }

    [Fact]
    public async Task Parts_that_the_client_knows_otherwise_are_refused()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("claimed.bin", 10);
        var part = (await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(10))).Part!;

        var refused = await user.CompleteAsync(upload.Id, new CompleteUploadCommand([new PartTag(1, "other")], null, null, null, null, null));
        Assert.Equal(RefusalReason.InvalidPart, refused.Refusal!.Reason);
        var file = await user.CompleteAsync(upload.Id, new CompleteUploadCommand([new PartTag(1, $"\"{part.ETag}\"")], null, null, null, null, null));
        Assert.Null(file.Refusal);
    }

    [Fact]
    public async Task Store_that_is_down_leaves_the_completion_to_the_next_call()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("down.bin", Content.Length);
        await user.PutAllAsync(upload, Content);
        host.Store.After = (name, _) => name == "Complete" ? throw new ObjectStoreException(ObjectStoreError.Unavailable, "lost response") : Task.CompletedTask;
        Assert.Equal(RefusalReason.Unavailable, (await user.CompleteAsync(upload.Id)).Refusal!.Reason);
        Assert.Equal(RefusalReason.UploadClosed, (await user.Session(upload.Id).AbortAsync()).Refusal!.Reason);
        host.Store.After = null;

        Assert.Equal(Content, await user.ReadAsync((await user.CompleteAsync(upload.Id)).Entry!.Id));
    }

    [Fact]
    public async Task Aborted_session_gives_its_quota_back_and_stays_closed()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("gone.bin", Content.Length);
        await user.PutAsync(upload.Id, 1, Content[..GrainsHost.PartSize]);
        Assert.Equal(Content.Length, (await user.ProfileAsync()).ReservedBytes);

        Assert.Null((await user.Session(upload.Id).AbortAsync()).Refusal);
        Assert.Null((await user.Session(upload.Id).AbortAsync()).Refusal);

        Assert.Equal(0, (await user.ProfileAsync()).ReservedBytes);
        Assert.Equal(RefusalReason.UploadClosed, (await user.CompleteAsync(upload.Id)).Refusal!.Reason);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE upload_id = $1 AND state <> 'garbage'", upload.Id));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE upload_id = $1 AND store_upload_id IS NOT NULL", upload.Id));
        Assert.Empty((await user.Grain.ListUploadsAsync(null, 10)).Uploads);
    }
}

using System.Diagnostics;
using GrainVault.Grains.Tests.Support;
using GrainVault.Storage;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

public sealed class PartTests(GrainsHost host) : IClassFixture<GrainsHost>, IDisposable
{
    private const int Size = (2 * GrainsHost.PartSize) + 10;

    public void Dispose() => (host.Store.Before, host.Store.After) = (null, null);

    [Fact]
    public async Task Part_written_twice_counts_once_and_is_stored_once()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("twice.bin", Size);
        var part = GrainsHost.Bytes(GrainsHost.PartSize);
        var first = await user.PutAsync(upload.Id, 1, part);
        var stored = host.Store.Count("PutPart");

        var second = await user.PutAsync(upload.Id, 1, part);

        Assert.Equal(first.Part, second.Part);
        Assert.Equal(stored, host.Store.Count("PutPart"));
        Assert.Equal(GrainsHost.PartSize, (await user.Session(upload.Id).GetAsync(0, 10)).Upload!.ReceivedBytes);
    }

    [Fact]
    public async Task Part_sent_again_with_other_bytes_replaces_the_first()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("replaced.bin", 1000);
        await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(1000, seed: 1));
        var wanted = GrainsHost.Bytes(1000, seed: 2);

        Assert.Null((await user.PutAsync(upload.Id, 1, wanted)).Refusal);
        var file = await user.CompleteAsync(upload.Id);

        Assert.Equal(wanted, await user.ReadAsync(file.Entry!.Id));
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE upload_id = $1 AND state = 'live'", upload.Id));
        Assert.Equal(1L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE upload_id = $1 AND state = 'garbage'", upload.Id));
    }

    [Theory]
    [InlineData(1, GrainsHost.PartSize - 1, RefusalReason.WrongPartSize)]
    [InlineData(1, GrainsHost.PartSize + 1, RefusalReason.WrongPartSize)]
    [InlineData(3, 11, RefusalReason.WrongPartSize)]
    [InlineData(3, 0, RefusalReason.WrongPartSize)]
    [InlineData(0, 10, RefusalReason.Invalid)]
    [InlineData(-1, 10, RefusalReason.Invalid)]
    [InlineData(4, 10, RefusalReason.Invalid)]
    [InlineData(int.MaxValue, 10, RefusalReason.Invalid)]
    [InlineData(1, (64 << 20) + 1, RefusalReason.TooLarge)]
    public async Task Part_that_can_not_be_is_refused_before_its_body_is_read(int number, int size, RefusalReason reason)
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("plan.bin", Size);

        Assert.Equal(reason, (await user.Session(upload.Id).PlanPartAsync(number, size)).Refusal!.Reason);
    }

    [Fact]
    public async Task Part_of_another_size_is_not_stored()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("wrong.bin", 100);

        Assert.Equal(RefusalReason.WrongPartSize, (await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(99))).Refusal!.Reason);
        Assert.Equal(RefusalReason.MissingParts, (await user.CompleteAsync(upload.Id)).Refusal!.Reason);
    }

    [Fact]
    public async Task Plan_tells_the_exact_size_of_each_part()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("sizes.bin", Size);
        var session = user.Session(upload.Id);

        Assert.Equal(GrainsHost.PartSize, (await session.PlanPartAsync(1, null)).SizeBytes);
        Assert.Equal(10, (await session.PlanPartAsync(3, null)).SizeBytes);
    }

    [Fact]
    public async Task Strangers_learn_nothing_of_a_session()
    {
        var owner = await host.SignUpAsync();
        var upload = await owner.CreateAsync("private.bin", 100);
        var stranger = await host.SignUpAsync();

        Assert.Equal(RefusalReason.NotFound, (await stranger.Session(upload.Id).GetAsync(0, 10)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await stranger.Session(upload.Id).PlanPartAsync(1, 100)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await stranger.PutAsync(upload.Id, 1, GrainsHost.Bytes(100))).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await stranger.CompleteAsync(upload.Id)).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await stranger.Session(upload.Id).AbortAsync()).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await stranger.Session(upload.Id).CreateAsync(TestUser.Command("mine.bin", 1))).Refusal!.Reason);
        Assert.Equal(UploadState.Open, (await owner.Session(upload.Id).GetAsync(0, 10)).Upload!.State);
    }

    [Fact]
    public async Task Second_writer_of_a_number_waits_and_then_is_told_to_come_back()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("busy.bin", 100);
        var (entered, release) = Stall("Put");
        var first = user.PutAsync(upload.Id, 1, GrainsHost.Bytes(100), writer: 1);
        await entered.Task;

        Assert.Equal(RefusalReason.Busy, (await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(100, 2), writer: 2)).Refusal!.Reason);
        release.SetResult();
        Assert.Null((await first).Refusal);
    }

    [Fact]
    public async Task Late_writer_after_an_abort_is_not_acknowledged()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("aborted.bin", Size);
        var (entered, release) = Stall("PutPart");
        var late = user.PutAsync(upload.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize));
        await entered.Task;

        Assert.Null((await user.Session(upload.Id).AbortAsync()).Refusal);
        release.SetResult();

        Assert.Equal(RefusalReason.UploadClosed, (await late).Refusal!.Reason);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM upload_parts WHERE upload_id = $1", upload.Id));
        Assert.Equal(RefusalReason.UploadClosed, (await user.PutAsync(upload.Id, 2, GrainsHost.Bytes(GrainsHost.PartSize))).Refusal!.Reason);
    }

    [Fact]
    public async Task Late_whole_object_after_an_abort_is_refused_as_closed()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("aborted-whole.bin", 100);
        var (entered, release) = Stall("Put");
        var late = user.PutAsync(upload.Id, 1, GrainsHost.Bytes(100));
        await entered.Task;

        Assert.Null((await user.Session(upload.Id).AbortAsync()).Refusal);
        release.SetResult();

        Assert.Equal(RefusalReason.UploadClosed, (await late).Refusal!.Reason);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM upload_parts WHERE upload_id = $1", upload.Id));
    }

    [Fact]
    public async Task Writer_of_an_older_epoch_gets_a_new_right_and_counts_once()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("taken-over.bin", Size);
        await user.PutAsync(upload.Id, 2, GrainsHost.Bytes(GrainsHost.PartSize));
        host.Store.ClearCalls();
        var (entered, release) = Stall("PutPart");
        var late = user.PutAsync(upload.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize));
        await entered.Task;

        // What a second activation does when it takes the session over.
        await host.ExecuteAsync("UPDATE uploads SET epoch = epoch + 1 WHERE id = $1", upload.Id);
        release.SetResult();

        Assert.Null((await late).Refusal);
        Assert.Equal(2, host.Store.Count("PutPart"));
        Assert.Equal(2L, await host.ScalarAsync<long>("SELECT count(*) FROM upload_parts WHERE upload_id = $1", upload.Id));
    }

    [Fact]
    public async Task Acknowledgement_under_an_older_epoch_changes_nothing()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("epoch.bin", Size);
        var permit = await user.Session(upload.Id).BeginPartAsync(1, GrainsHost.PartSize, new byte[32]);
        await host.ExecuteAsync("UPDATE uploads SET epoch = epoch + 1 WHERE id = $1", upload.Id);
        var ledger = (PartLedger)host.Services.GetService(typeof(PartLedger))!;

        Assert.False(await ledger.AcknowledgeAsync(upload.Id, permit, new PartRow(1, GrainsHost.PartSize, "etag", new byte[32], null)));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM upload_parts WHERE upload_id = $1", upload.Id));
        await user.Session(upload.Id).EndPartAsync(1, PartEnd.Failed, permit.Epoch, permit.Ticket);
    }

    [Fact]
    public async Task Writer_that_died_is_replaced_within_15_s_and_acknowledges_nothing_any_more()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("dead-writer.bin", Size);
        var permit = await user.Session(upload.Id).BeginPartAsync(1, GrainsHost.PartSize, new byte[32]);
        var clock = Stopwatch.StartNew();

        while ((await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize))).Refusal is { } refusal)
        {
            Assert.Equal(RefusalReason.Busy, refusal.Reason);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15));
        }

        var ledger = (PartLedger)host.Services.GetService(typeof(PartLedger))!;
        Assert.False(await ledger.AcknowledgeAsync(upload.Id, permit, new PartRow(1, GrainsHost.PartSize, "etag", new byte[32], null)));
    }

    [Fact]
    public async Task Write_that_takes_long_keeps_its_place()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("slow.bin", Size);
        var (entered, release) = Stall("PutPart");
        var slow = user.PutAsync(upload.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize));
        await entered.Task;
        var clock = Stopwatch.StartNew();

        // Longer than the silence after which a writer is taken for dead; each of these waits for its turn.
        while (clock.Elapsed < TimeSpan.FromSeconds(13))
            Assert.Equal(RefusalReason.Busy, (await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize, 2))).Refusal!.Reason);
        release.SetResult();

        Assert.Null((await slow).Refusal);
    }

    [Fact]
    public async Task Store_that_fails_acknowledges_nothing_and_a_repeat_succeeds()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("failing.bin", 100);
        host.Store.Before = (name, _) => name == "Put" ? throw new ObjectStoreException(ObjectStoreError.Unavailable, "down") : Task.CompletedTask;
        Assert.Equal(RefusalReason.Unavailable, (await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(100))).Refusal!.Reason);
        host.Store.Before = (name, _) => name == "Put" ? throw new ObjectStoreException(ObjectStoreError.Full, "full") : Task.CompletedTask;
        Assert.Equal(RefusalReason.StoreFull, (await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(100))).Refusal!.Reason);
        host.Store.Before = null;

        Assert.Null((await user.PutAsync(upload.Id, 1, GrainsHost.Bytes(100))).Refusal);
        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
    }

    [Fact]
    public async Task First_parts_at_once_share_one_multipart_upload()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("shared.bin", 4L * GrainsHost.PartSize);
        host.Store.ClearCalls();

        await Task.WhenAll(Enumerable.Range(1, 4).Select(number => user.PutAsync(upload.Id, number, GrainsHost.Bytes(GrainsHost.PartSize, number), number)));

        Assert.Equal(1, host.Store.Count("Initiate"));
        Assert.Null((await user.CompleteAsync(upload.Id)).Refusal);
    }

    [Fact]
    public async Task Multipart_upload_that_the_store_dropped_begins_again()
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes(Size);
        var upload = await user.CreateAsync("dropped.bin", Size);
        await user.PutAsync(upload.Id, 1, content[..GrainsHost.PartSize]);
        var key = await host.ScalarAsync<string>("SELECT object_key FROM uploads WHERE id = $1", upload.Id);
        var storeUploadId = await host.ScalarAsync<string>("SELECT store_upload_id FROM uploads WHERE id = $1", upload.Id);
        await ((IMultipartStore)host.Store.Inner).AbortAsync(key, storeUploadId);

        var lost = await user.PutAsync(upload.Id, 2, content[GrainsHost.PartSize..(2 * GrainsHost.PartSize)]);

        Assert.Equal(RefusalReason.InvalidPart, lost.Refusal!.Reason);
        Assert.Equal(0, (await user.Session(upload.Id).GetAsync(0, 10)).Upload!.ReceivedBytes);
        await user.PutAllAsync(upload, content);
        Assert.Equal(content, await user.ReadAsync((await user.CompleteAsync(upload.Id)).Entry!.Id));
    }

    /// <summary>Holds the first call of that name at the store until released.</summary>
    private (TaskCompletionSource Entered, TaskCompletionSource Release) Stall(string call)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Store.Before = async (name, _) =>
        {
            if (name == call && entered.TrySetResult())
                await release.Task;
        };
        return (entered, release);
    }
}

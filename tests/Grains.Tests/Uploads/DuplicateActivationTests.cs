using System.Security.Cryptography;
using GrainVault.Cli.Fsck;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Options;
using GrainVault.Storage;
using GrainVault.Uploads;
using Orleans;
using Xunit.Abstractions;

namespace GrainVault.Grains.Tests.Uploads;

/// <summary>
/// Two silos that know nothing of each other run the same grains on the same data, as on the two sides of a partition.
/// Whatever either acknowledges is true, and nothing is ever corrupted: safety does not rest on there being one activation.
/// </summary>
public sealed class DuplicateActivationTests(GrainsHost host, ITestOutputHelper output) : IClassFixture<GrainsHost>, IAsyncLifetime
{
    private const int PartCount = 4;
    private const int RoundCount = 6;
    private const int AttemptsMax = 200;

    private readonly int _seed = Random.Shared.Next();
    private IGrainFactory[] _sides = [];

    public async Task InitializeAsync()
    {
        _sides = [host.Grains, await host.StartTwinAsync()];
        output.WriteLine($"seed {_seed}");
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Both_activations_of_a_session_have_loaded_it()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("both.bin", 2L * GrainsHost.PartSize);
        var before = await EpochAsync(upload.Id);

        foreach (var side in _sides)
            Assert.Null((await PutAsync(user, side, upload.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize))).Refusal);

        // The first side made the session; the second one had to load it, which is what fences the first.
        Assert.Equal(before + 1, await EpochAsync(upload.Id));
    }

    [Fact]
    public async Task Part_of_a_session_that_the_other_side_has_ended_is_told_so()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("ended.bin", 2L * GrainsHost.PartSize);
        Assert.Null((await PutAsync(user, _sides[0], upload.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize))).Refusal);
        Assert.Null((await On(user, _sides[1]).GetGrain<IUploadSessionGrain>(upload.Id).AbortAsync()).Refusal);

        var refused = await PutAsync(user, _sides[0], upload.Id, 2, GrainsHost.Bytes(GrainsHost.PartSize));

        Assert.Equal(RefusalReason.UploadClosed, refused.Refusal!.Reason);
    }

    [Fact]
    public async Task Part_of_a_session_that_the_other_side_has_opened_again_is_taken_by_the_side_that_remembers_a_completion()
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes(2 * GrainsHost.PartSize);
        var parts = content.Chunk(GrainsHost.PartSize).ToArray();
        var upload = await user.CreateAsync("opened again.bin", content.Length);
        for (var number = 1; number <= 2; number++)
            Assert.Null((await PutAsync(user, _sides[0], upload.Id, number, parts[number - 1])).Refusal);
        host.Store.Before = (name, _) => name == "Complete" ? throw new ObjectStoreException(ObjectStoreError.Unavailable, "told to") : Task.CompletedTask;
        Assert.Equal(RefusalReason.Unavailable, (await user.CompleteAsync(upload.Id)).Refusal?.Reason);
        host.Store.Before = null;
        // What the other side does when the store denies to have a part.
        await host.ExecuteAsync("DELETE FROM upload_parts WHERE upload_id = $1 AND number = 2", upload.Id);
        Assert.Equal(1, await host.ExecuteAsync("UPDATE uploads SET state = 1, epoch = epoch + 1 WHERE id = $1 AND state = 2", upload.Id));

        Assert.Null((await PutAsync(user, _sides[0], upload.Id, 2, parts[1])).Refusal);
        Assert.Equal(content, await user.ReadAsync((await user.CompleteAsync(upload.Id)).Entry!.Id));
    }

    [Fact]
    public async Task Completion_that_finds_wrong_content_does_not_end_a_session_for_which_the_other_side_took_the_right_one()
    {
        var user = await host.SignUpAsync();
        var (wrong, right) = (GrainsHost.Bytes(700, seed: 1), GrainsHost.Bytes(700, seed: 2));
        var upload = await user.CreateAsync(TestUser.Command("replaced.bin", right.Length, Convert.ToHexStringLower(SHA256.HashData(right))));
        Assert.Null((await PutAsync(user, _sides[0], upload.Id, 1, wrong)).Refusal);
        // As of content that came straight: its hash is known when it has been read.
        await host.ExecuteAsync("UPDATE upload_parts SET sha256 = NULL WHERE upload_id = $1", upload.Id);
        var isReading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Store.Before = async (name, _) =>
        {
            if (name == "OpenRead" && isReading.TrySetResult())
                await mayRead.Task;
        };

        var late = On(user, _sides[0]).GetGrain<IUploadSessionGrain>(upload.Id).CompleteAsync(new CompleteUploadCommand(null, null, null, null, null, null));
        await isReading.Task;
        Assert.Null((await PutAsync(user, _sides[1], upload.Id, 1, right)).Refusal);
        mayRead.SetResult();

        Assert.Equal(RefusalReason.Busy, (await late).Refusal?.Reason);
        host.Store.Before = null;
        Assert.Equal(right, await user.ReadAsync((await CompleteUntilDoneAsync(user, _sides[1], upload.Id)).Id));
    }

    [Fact]
    public async Task Other_bytes_for_a_part_are_not_written_by_a_side_that_does_not_know_of_the_completion_of_the_other()
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes(2 * GrainsHost.PartSize);
        var upload = await user.CreateAsync("not replaced.bin", content.Length);
        foreach (var (part, index) in content.Chunk(GrainsHost.PartSize).Select((part, index) => (part, index)))
            Assert.Null((await PutAsync(user, _sides[0], upload.Id, index + 1, part)).Refusal);
        var isCompleting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayComplete = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Store.Before = async (name, _) =>
        {
            if (name == "Complete" && isCompleting.TrySetResult())
                await mayComplete.Task;
        };

        var completion = On(user, _sides[1]).GetGrain<IUploadSessionGrain>(upload.Id).CompleteAsync(new CompleteUploadCommand(null, null, null, null, null, null));
        await isCompleting.Task;
        var refused = await PutAsync(user, _sides[0], upload.Id, 2, GrainsHost.Bytes(GrainsHost.PartSize, seed: 77));
        mayComplete.SetResult();
        host.Store.Before = null;

        Assert.Equal(RefusalReason.Busy, refused.Refusal?.Reason);
        Assert.Equal(content, await user.ReadAsync((await completion).Entry!.Id));
    }

    [Fact]
    public async Task Parts_that_came_straight_are_shown_by_a_side_whose_session_the_other_has_taken_over()
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes(2 * GrainsHost.PartSize);
        var parts = content.Chunk(GrainsHost.PartSize).ToArray();
        var upload = await user.CreateAsync("straight.bin", content.Length);
        Assert.Null((await On(user, _sides[0]).GetGrain<IUploadSessionGrain>(upload.Id).PresignAsync([1, 2])).Refusal);
        Assert.Null((await PutAsync(user, _sides[1], upload.Id, 1, parts[0])).Refusal);
        await ((IMultipartStore)host.Store.Inner).PutPartAsync(
            await host.ScalarAsync<string>("SELECT object_key FROM uploads WHERE id = $1", upload.Id),
            await host.ScalarAsync<string>("SELECT store_upload_id FROM uploads WHERE id = $1", upload.Id),
            2, new StoreContent(parts[1], SHA256.HashData(parts[1])));

        var shown = await On(user, _sides[0]).GetGrain<IUploadSessionGrain>(upload.Id).GetAsync(0, 10);

        Assert.Equal([1, 2], shown.Upload!.Parts.Select(part => part.Number));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Repeat_of_a_part_of_a_session_that_the_other_side_has_completed_is_told_so(int partCount)
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes(partCount * GrainsHost.PartSize);
        var upload = await user.CreateAsync($"completed of {partCount}.bin", content.Length);
        var parts = content.Chunk(GrainsHost.PartSize).ToArray();
        for (var number = 1; number <= partCount; number++)
            Assert.Null((await PutAsync(user, _sides[0], upload.Id, number, parts[number - 1])).Refusal);
        await CompleteUntilDoneAsync(user, _sides[1], upload.Id);

        var refused = await PutAsync(user, _sides[0], upload.Id, 1, parts[0]);
        for (var attempt = 1; refused.Refusal?.Reason == RefusalReason.Busy && attempt < AttemptsMax; attempt++)
            refused = await PutAsync(user, _sides[0], upload.Id, 1, parts[0]);

        Assert.Equal(RefusalReason.UploadClosed, refused.Refusal?.Reason);
    }

    [Fact]
    public async Task Completion_of_a_session_that_the_other_side_has_ended_is_told_so()
    {
        var user = await host.SignUpAsync();
        var upload = await user.CreateAsync("ended too.bin", 2L * GrainsHost.PartSize);
        Assert.Null((await On(user, _sides[0]).GetGrain<IUploadSessionGrain>(upload.Id).PresignAsync([1, 2])).Refusal);
        Assert.Null((await On(user, _sides[1]).GetGrain<IUploadSessionGrain>(upload.Id).AbortAsync()).Refusal);

        var refused = await user.CompleteAsync(upload.Id);

        Assert.Equal(RefusalReason.UploadClosed, refused.Refusal!.Reason);
    }

    [Fact]
    public async Task Parts_written_through_both_activations_make_one_whole_file()
    {
        var user = await host.SignUpAsync();
        for (var round = 0; round < RoundCount; round++)
        {
            var content = GrainsHost.Bytes((PartCount * GrainsHost.PartSize) - 77, _seed + round);
            var upload = await user.CreateAsync($"round {round}.bin", content.Length);
            var parts = content.Chunk((int)upload.PartSizeBytes).ToArray();

            await Task.WhenAll(Enumerable.Range(1, parts.Length).Select(number =>
                PutUntilAcknowledgedAsync(user, upload.Id, number, parts[number - 1], new Random(_seed + (round * 100) + number))));
            var files = await Task.WhenAll(_sides.Select(side => CompleteUntilDoneAsync(user, side, upload.Id)));

            Assert.Equal(files[0], files[1]);
            Assert.Equal(content, await user.ReadAsync(files[0].Id));
        }

        await AssertSoundAsync(user, fileCount: RoundCount);
    }

    [Fact]
    public async Task Completion_and_abort_on_two_sides_have_one_winner()
    {
        var user = await host.SignUpAsync();
        var completed = 0;
        for (var round = 0; round < RoundCount; round++)
        {
            var content = GrainsHost.Bytes(GrainsHost.PartSize + 1, _seed + round);
            var upload = await user.CreateAsync($"race {round}.bin", content.Length);
            await user.PutAllAsync(upload, content);

            var complete = CompleteUntilDecidedAsync(user, _sides[round % 2], upload.Id);
            var abort = On(user, _sides[1 - (round % 2)]).GetGrain<IUploadSessionGrain>(upload.Id).AbortAsync();
            await Task.WhenAll(complete, abort);

            var entry = (await complete).Entry;
            completed += entry is null ? 0 : 1;
            Assert.True(entry is not null ^ (await abort).Refusal is null, $"completed: {(await complete).Refusal}, aborted: {(await abort).Refusal}");
            if (entry is not null)
                Assert.Equal(content, await user.ReadAsync(entry.Id));
        }

        await AssertSoundAsync(user, completed);
    }

    [Fact]
    public async Task One_name_is_given_once_though_both_sides_ask()
    {
        var user = await host.SignUpAsync();
        for (var round = 0; round < RoundCount; round++)
        {
            var name = $"name {round}";
            var results = await Task.WhenAll(_sides.SelectMany(side => Enumerable.Range(0, 4).Select(number =>
                WriteFileAsync(user, side, name, GrainsHost.Bytes(100, number)))));

            Assert.Single(results, result => result.Refusal is null);
            Assert.All(results.Where(result => result.Refusal is not null), result => Assert.Equal(RefusalReason.NameTaken, result.Refusal!.Reason));
        }

        await AssertSoundAsync(user, RoundCount);
    }

    [Fact]
    public async Task Two_sides_that_expect_the_same_version_make_one_successor()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("versions.bin", [1])).Entry!;
        // Both sides hold the file in memory before it changes.
        foreach (var side in _sides)
            Assert.Null((await On(user, side).GetGrain<IFileGrain>(file.Id).GetAsync()).Refusal);

        for (var version = 1; version <= RoundCount; version++)
        {
            var expected = version;
            var results = await Task.WhenAll(_sides.Select((side, index) => AddVersionAsync(user, side, file.Id, expected, GrainsHost.Bytes(50 + index, expected))));

            Assert.Equal(expected + 1, Assert.Single(results, result => result.Refusal is null).Entry!.Version);
            Assert.Equal(RefusalReason.VersionConflict, Assert.Single(results, result => result.Refusal is not null).Refusal!.Reason);
        }

        Assert.Equal(RoundCount + 1L, await host.ScalarAsync<long>("SELECT count(*) FROM file_versions WHERE file_id = $1", file.Id));
        await AssertSoundAsync(user, fileCount: 1);
    }

    private static IGrainFactory On(TestUser user, IGrainFactory side)
    {
        Caller.Set(user.Id, "", "test");
        return side;
    }

    private static Task<PartResult> PutAsync(TestUser user, IGrainFactory side, string uploadId, int number, byte[] bytes) =>
        On(user, side).GetGrain<IPartWriterGrain>("w-0")
            .WritePartAsync(new WritePartCommand(uploadId, number, new PartContent(bytes), SHA256.HashData(bytes)));

    private static Task<EntryResult> WriteFileAsync(TestUser user, IGrainFactory side, string name, byte[] bytes) =>
        On(user, side).GetGrain<IPartWriterGrain>("w-0").WriteFileAsync(new WriteFileCommand(
            Ids.New(Ids.File), name, null, "text/plain", OnConflict.Fail, new PartContent(bytes), SHA256.HashData(bytes)));

    private static async Task<EntryResult> AddVersionAsync(TestUser user, IGrainFactory side, string fileId, int expectedVersion, byte[] bytes)
    {
        var session = On(user, side).GetGrain<IUploadSessionGrain>(Ids.New(Ids.Upload));
        var created = await session.CreateAsync(new CreateUploadCommand(
            null, bytes.Length, null, null, UploadMode.Proxied, null, fileId, expectedVersion, null, OnConflict.Fail));
        if (created.Refusal is not null)
            return new EntryResult(created.Refusal, null);
        Assert.Null((await PutAsync(user, side, created.Upload!.Id, 1, bytes)).Refusal);
        var result = await CompleteUntilDecidedAsync(user, side, created.Upload.Id);
        // What lost is kept as assembled, in case it is wanted under another name.
        if (result.Refusal is not null)
            Assert.Null((await On(user, side).GetGrain<IUploadSessionGrain>(created.Upload.Id).AbortAsync()).Refusal);
        return result;
    }

    private static async Task<EntryResult> UntilNotBusyAsync(Func<Task<EntryResult>> command)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var result = await command();
            if (result.Refusal?.Reason is not RefusalReason.Busy)
                return result;
        }

        throw new InvalidOperationException("The other side kept it busy.");
    }

    private static Task<EntryResult> CompleteUntilDecidedAsync(TestUser user, IGrainFactory side, string uploadId) =>
        UntilNotBusyAsync(() => On(user, side).GetGrain<IUploadSessionGrain>(uploadId)
            .CompleteAsync(new CompleteUploadCommand(null, null, null, null, null, null)));

    private static async Task<Entry> CompleteUntilDoneAsync(TestUser user, IGrainFactory side, string uploadId)
    {
        var result = await CompleteUntilDecidedAsync(user, side, uploadId);
        Assert.Null(result.Refusal);
        return result.Entry!;
    }

    /// <summary>Each try goes to either side; only an acknowledgement ends it.</summary>
    private async Task PutUntilAcknowledgedAsync(TestUser user, string uploadId, int number, byte[] bytes, Random random)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var result = await PutAsync(user, _sides[random.Next(2)], uploadId, number, bytes);
            if (result.Refusal is null)
                return;
            Assert.Contains(result.Refusal.Reason, (RefusalReason[])[RefusalReason.Busy, RefusalReason.UploadClosed]);
        }

        Assert.Fail($"Part {number} was never acknowledged.");
    }

    private Task<long> EpochAsync(string uploadId) =>
        host.ScalarAsync<long>("SELECT epoch::bigint FROM uploads WHERE id = $1", uploadId);

    private async Task AssertSoundAsync(TestUser user, int fileCount)
    {
        await Janitor.RunAllAsync(host, times: 3);
        Assert.Equal(fileCount, await host.ScalarAsync<long>("SELECT count(*) FROM entries WHERE owner_id = $1 AND deleted_at IS NULL", user.Id));
        Assert.Equal(0, (await user.ProfileAsync()).ReservedBytes);
        var report = await new FsckRunner(host.Catalogue, host.Store, new JanitorOptions { UnknownObjectAge = TimeSpan.Zero }, TimeProvider.System).RunAsync(repair: false);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
        Assert.Equal(0, report.LeakedObjectCount);
    }
}

using System.Security.Cryptography;
using System.Text;
using GrainVault.Cli.Fsck;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Options;
using GrainVault.Uploads;

namespace GrainVault.Grains.Tests.Uploads;

public sealed class PossessionTests(PossessionHost host) : IClassFixture<PossessionHost>
{
    [Theory]
    [InlineData(10)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(GrainsHost.PartSize + 1)]
    public async Task Proven_content_is_a_file_without_its_bytes_and_counts_once(int size)
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes(size, size);
        await UploadAsync(user, "first", content);
        host.Store.ClearCalls();

        var upload = await BeginAsync(user, "again", content);
        Assert.All(upload.Challenge!.Ranges, range => Assert.True(range.Offset >= 0 && range.Offset + range.LengthBytes <= size));
        Assert.True(upload.Challenge.Ranges.Sum(range => range.LengthBytes) == Math.Min(size, 65_536));
        var file = (await ProveAsync(user, upload, content)).Entry!;

        Assert.Equal(("again", (long)size, 1), (file.Name, file.SizeBytes, file.Version));
        Assert.Equal(content, await user.ReadAsync(file.Id));
        Assert.Equal(file, (await ProveAsync(user, upload, content)).Entry);
        Assert.Equal(file, (await user.CompleteAsync(upload.Id)).Entry);
        Assert.All(host.Store.Calls, call => Assert.Equal("OpenRange", call));
        var profile = await user.ProfileAsync();
        Assert.Equal((size, 0L), (profile.UsedBytes, profile.ReservedBytes));
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT count(*) FROM objects WHERE owner_id = $1 AND state = 'intended'", user.Id));
        await AssertCleanAsync();
    }

    [Fact]
    public async Task Wrong_proof_changes_nothing_and_too_many_end_the_offer()
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes(1000, 5);
        await UploadAsync(user, "first", content);
        var upload = await BeginAsync(user, "again", content);
        // The hash of the content is what somebody may know who does not have it.
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        for (var i = 0; i < 5; i++)
            Assert.Equal(RefusalReason.ChecksumMismatch, (await SendAsync(user, upload, hash)).Refusal!.Reason);
        Assert.Equal(RefusalReason.Forbidden, (await ProveAsync(user, upload, content)).Refusal!.Reason);
        Assert.Equal(RefusalReason.Invalid, (await SendAsync(user, upload, "xyz")).Refusal!.Reason);

        // The ordinary upload goes on.
        await user.PutAllAsync(upload, content);
        Assert.Equal("again", (await user.CompleteAsync(upload.Id)).Entry!.Name);
        Assert.Equal(2000L, (await user.ProfileAsync()).UsedBytes);
        await AssertCleanAsync();
    }

    [Fact]
    public async Task Wrong_proofs_of_a_user_are_limited_by_the_hour_over_all_sessions_and_right_ones_are_not()
    {
        var (user, other) = (await host.SignUpAsync(), await host.SignUpAsync());
        var content = GrainsHost.Bytes(1000, 12);
        foreach (var somebody in (TestUser[])[user, other])
            await UploadAsync(somebody, "first", content);
        for (var i = 0; i < PossessionHost.WrongProofsPerHour; i++)
        {
            // No session comes to its own limit.
            Assert.Null((await ProveAsync(user, await BeginAsync(user, $"right {i}", content), content)).Refusal);
            Assert.Equal(RefusalReason.ChecksumMismatch, (await SendAsync(user, await BeginAsync(user, $"wrong {i}", content), Hash(content))).Refusal!.Reason);
        }

        var late = await BeginAsync(user, "late", content);
        var refusal = (await ProveAsync(user, late, content)).Refusal!;
        Assert.Equal(RefusalReason.Throttled, refusal.Reason);
        Assert.InRange(refusal.RetryAfterSeconds, 3_000, 3_600);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT proof_count::bigint FROM uploads WHERE id = $1", late.Id));
        Assert.Null((await ProveAsync(other, await BeginAsync(other, "again", content), content)).Refusal);

        await host.ExecuteAsync("UPDATE possession_tries SET began_at = began_at - interval '1 hour' WHERE user_id = $1", user.Id);
        Assert.Null((await ProveAsync(user, late, content)).Refusal);
        Assert.Equal(0L, await host.ScalarAsync<long>("SELECT tries::bigint FROM possession_tries WHERE user_id = $1", user.Id));
    }

    [Fact]
    public async Task Nobody_learns_what_others_have()
    {
        var (owner, editor) = (await host.SignUpAsync(), await host.SignUpAsync());
        var content = GrainsHost.Bytes(1000, 6);
        await UploadAsync(owner, "first", content);
        var folder = await owner.FolderAsync("shared");
        await owner.File(folder).ShareAsync(editor.Id, ShareRole.Editor);

        Assert.Null((await BeginAsync(editor, "mine", content)).Challenge);
        // On the owner's quota, and yet not his session.
        var upload = await editor.CreateAsync(TestUser.Command("theirs", 1000, Hash(content), parentId: folder));
        Assert.Null(upload.Challenge);
        Assert.Equal(RefusalReason.NotFound, (await SendAsync(editor, upload, Hash(content))).Refusal!.Reason);
        Assert.Equal(RefusalReason.NotFound, (await SendAsync(owner, upload, Hash(content))).Refusal!.Reason);
        Assert.Null((await owner.CreateAsync(TestUser.Command("no hash", 1000))).Challenge);
        Assert.Null((await owner.CreateAsync(TestUser.Command("other size", 1001, Hash(content)))).Challenge);
    }

    [Fact]
    public async Task Refused_place_leaves_the_session_open_for_another()
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes(1000, 7);
        var upload = await BeginAsync(user, "taken", content);
        Assert.Null(upload.Challenge);
        await UploadAsync(user, "taken", content);
        upload = (await user.Session(upload.Id).CreateAsync(TestUser.Command("taken", 1000, Hash(content)))).Upload!;

        Assert.Equal(RefusalReason.NameTaken, (await ProveAsync(user, upload, content)).Refusal!.Reason);
        Assert.Equal(UploadState.Open, (await user.Session(upload.Id).GetAsync(0, 1)).Upload!.State);
        Assert.Equal("free", (await ProveAsync(user, upload, content, "free")).Entry!.Name);
        await AssertCleanAsync();
    }

    [Fact]
    public async Task Version_of_a_file_is_proven_too_and_unchanged_content_makes_none()
    {
        var user = await host.SignUpAsync();
        var (old, content) = (GrainsHost.Bytes(500, 8), GrainsHost.Bytes(1000, 9));
        await UploadAsync(user, "other", content);
        var file = await UploadAsync(user, "versions", old);

        for (var i = 0; i < 2; i++)
        {
            var upload = await user.CreateAsync(new CreateUploadCommand(
                null, 1000, "text/plain", null, UploadMode.Proxied, GrainsHost.PartSize, file.Id, null, Hash(content), OnConflict.Fail));
            Assert.Equal(2, (await ProveAsync(user, upload, content)).Entry!.Version);
        }

        Assert.Equal(content, await user.ReadAsync(file.Id));
        var profile = await user.ProfileAsync();
        Assert.Equal((1500L, 0L), (profile.UsedBytes, profile.ReservedBytes));
        await AssertCleanAsync();
    }

    [Fact]
    public async Task Content_that_went_meanwhile_has_to_be_sent_and_parts_that_were_sent_are_given_up()
    {
        var user = await host.SignUpAsync();
        var content = GrainsHost.Bytes(GrainsHost.PartSize + 10, 11);
        var first = await UploadAsync(user, "first", content);
        var sent = await BeginAsync(user, "sent", content);
        await user.PutAsync(sent.Id, 1, content[..GrainsHost.PartSize]);
        Assert.Equal("sent", (await ProveAsync(user, sent, content)).Entry!.Name);
        var late = await BeginAsync(user, "late", content);
        foreach (var file in (string[])[first.Id, (await user.Grain.FindByPathAsync("sent")).Entry!.Id])
            Assert.Null((await user.File(file).DeleteAsync(permanent: true)).Refusal);

        Assert.Equal(RefusalReason.NotFound, (await ProveAsync(user, late, content)).Refusal!.Reason);
        await user.PutAllAsync(late, content);
        Assert.Equal(content, await user.ReadAsync((await user.CompleteAsync(late.Id)).Entry!.Id));
        await AssertCleanAsync();
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static Task<UploadInfo> BeginAsync(TestUser user, string name, byte[] content) =>
        user.CreateAsync(TestUser.Command(name, content.Length, Hash(content)));

    private static async Task<Entry> UploadAsync(TestUser user, string name, byte[] content)
    {
        var upload = await user.CreateAsync(TestUser.Command(name, content.Length, Hash(content)));
        await user.PutAllAsync(upload, content);
        return (await user.CompleteAsync(upload.Id)).Entry!;
    }

    /// <summary>What a client does.</summary>
    private static Task<EntryResult> ProveAsync(TestUser user, UploadInfo upload, byte[] content, string? name = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(upload.Challenge!.Nonce));
        foreach (var range in upload.Challenge.Ranges)
            hash.AppendData(content, (int)range.Offset, (int)range.LengthBytes);
        return SendAsync(user, upload, Convert.ToHexStringLower(hash.GetHashAndReset()), name);
    }

    private static Task<EntryResult> SendAsync(TestUser user, UploadInfo upload, string proof, string? name = null) =>
        user.Session(upload.Id).ProveAsync(new ProvePossessionCommand(proof, name, null, null));

    private async Task AssertCleanAsync()
    {
        var report = await new FsckRunner(host.Catalogue, host.Store, new JanitorOptions(), TimeProvider.System).RunAsync(repair: false);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
    }
}

/// <summary>A silo that takes few wrong proofs.</summary>
public sealed class PossessionHost : GrainsHost
{
    public const int WrongProofsPerHour = 6;

    public PossessionHost() => Settings["GrainVault:Limits:WrongProofsPerHourPerUser"] = "6";
}

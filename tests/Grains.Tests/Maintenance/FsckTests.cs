using System.Security.Cryptography;
using GrainVault.Cli.Fsck;
using GrainVault.Files;
using GrainVault.Grains.Tests.Audit;
using GrainVault.Grains.Tests.Support;
using GrainVault.Options;
using GrainVault.Storage;

namespace GrainVault.Grains.Tests.Maintenance;

/// <summary>Each finding is provoked on an installation that was clean before.</summary>
public sealed class FsckTests : IAsyncLifetime
{
    private readonly GrainsHost _host = new();
    private TestUser _user = null!;
    private Entry _file = null!;
    private string _key = null!;

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        _user = await _host.SignUpAsync();
        _file = (await _user.WriteFileAsync("file.bin", [1, 2, 3])).Entry!;
        _key = (await _user.File(_file.Id).OpenContentAsync(null)).Content!.ObjectKey;
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Busy_installation_is_clean()
    {
        var open = await _user.CreateAsync("open.bin", 2L * GrainsHost.PartSize);
        await _user.PutAsync(open.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize));
        var single = await _user.CreateAsync("single.bin", 10);
        await _user.PutAsync(single.Id, 1, GrainsHost.Bytes(10));
        var assembled = await _user.CreateAsync("assembled.bin", GrainsHost.PartSize + 1L);
        await _user.PutAllAsync(assembled, GrainsHost.Bytes(GrainsHost.PartSize + 1));
        var taken = (await _user.WriteFileAsync("assembled.bin", [1])).Entry!;
        await _user.CompleteAsync(assembled.Id);
        var aborted = await _user.CreateAsync("aborted.bin", 10);
        await _user.Session(aborted.Id).AbortAsync();
        await _user.File(taken.Id).DeleteAsync(permanent: true);

        var report = await RunAsync();

        Assert.True(report.IsClean, string.Join('\n', report.Findings));
        Assert.Equal("fsck: clean", report.Summary);
        Assert.Equal((1L, 3L), (report.LiveObjectCount, report.LiveBytes));
        Assert.Equal((1L, 1L), (report.GarbageObjectCount, report.GarbageBytes));
        Assert.Equal((0L, 0L), (report.LeakedObjectCount, report.LeakedBytes));
    }

    [Fact]
    public async Task Lost_object_is_found()
    {
        await _host.Store.Inner.DeleteAsync(_key);
        Assert.Equal([(FindingKinds.ObjectMissing, _key)], await FindAsync());
    }

    [Fact]
    public async Task Object_of_another_size_is_found()
    {
        await _host.Store.Inner.PutAsync(_key, new StoreContent(new byte[] { 1 }, SHA256.HashData([1])));
        Assert.Equal([(FindingKinds.ObjectSize, _key)], await FindAsync());
    }

    [Fact]
    public async Task Unknown_object_is_found_and_adopted()
    {
        var stray = ObjectKeys.NewContentKey();
        await _host.Store.Inner.PutAsync(stray, new StoreContent(new byte[] { 1 }, SHA256.HashData([1])));

        Assert.Equal([(FindingKinds.ObjectUnknown, stray)], await FindAsync());
        await AssertRepairedAsync(1);
        Assert.Equal("garbage", await _host.ScalarAsync<string>("SELECT state FROM objects WHERE key = $1", stray));
    }

    [Fact]
    public async Task Young_unknown_object_is_counted_and_no_problem()
    {
        await _host.Store.Inner.PutAsync(ObjectKeys.NewContentKey(), new StoreContent(new byte[] { 1 }, SHA256.HashData([1])));

        var report = await RunAsync(age: TimeSpan.FromHours(24));

        Assert.True(report.IsClean);
        Assert.Equal(1, report.LeakedObjectCount);
    }

    [Fact]
    public async Task Unknown_multipart_upload_is_found_and_aborted()
    {
        var stray = ObjectKeys.NewContentKey();
        await ((IMultipartStore)_host.Store.Inner).InitiateAsync(stray);

        Assert.Equal([(FindingKinds.UploadUnknown, stray)], await FindAsync());
        await AssertRepairedAsync(1);
        Assert.Empty(await Janitor.StoreUploadsAsync(_host, stray));
    }

    [Fact]
    public async Task Version_of_an_object_that_is_not_live_is_found()
    {
        await _host.ExecuteAsync("UPDATE objects SET state = 'garbage', garbage_at = now() WHERE key = $1", _key);
        Assert.Equal([(FindingKinds.VersionBroken, _file.Id)], await FindAsync());
    }

    [Fact]
    public async Task Entry_whose_version_does_not_exist_is_found()
    {
        await _host.ExecuteAsync("UPDATE entries SET current_version = 2 WHERE id = $1", _file.Id);
        Assert.Equal([(FindingKinds.VersionBroken, _file.Id)], await FindAsync());
    }

    [Fact]
    public async Task Live_object_without_a_version_is_found_and_given_up()
    {
        var extra = ObjectKeys.NewContentKey();
        await _host.Store.Inner.PutAsync(extra, new StoreContent(new byte[] { 1 }, SHA256.HashData([1])));
        await _host.ExecuteAsync("INSERT INTO objects (key, store, state, size_bytes) VALUES ($1, 'disk', 'live', 1)", extra);

        Assert.Equal([(FindingKinds.ObjectUnreferenced, extra)], await FindAsync());
        await AssertRepairedAsync(1);
    }

    [Fact]
    public async Task Wrong_quota_is_found_and_set_right()
    {
        var upload = await _user.CreateAsync("open.bin", 100);
        await _host.ExecuteAsync("UPDATE users SET used_bytes = 7, reserved_bytes = 8 WHERE id = $1", _user.Id);

        Assert.Equal([(FindingKinds.QuotaUsed, _user.Id), (FindingKinds.QuotaReserved, _user.Id)], await FindAsync());
        await AssertRepairedAsync(2);
        var profile = await _user.ProfileAsync();
        Assert.Equal((3L, 100L), (profile.UsedBytes, profile.ReservedBytes));
        Assert.Null((await _user.Session(upload.Id).AbortAsync()).Refusal);
    }

    [Fact]
    public async Task Gap_in_the_change_feed_is_found()
    {
        await _user.WriteFileAsync("second.bin", [1]);
        await _user.WriteFileAsync("third.bin", [1]);
        await _host.ExecuteAsync("DELETE FROM changes WHERE owner_id = $1 AND seq = 2", _user.Id);
        Assert.Equal([(FindingKinds.ChangeFeed, _user.Id)], await FindAsync());
    }

    [Fact]
    public async Task Share_that_is_told_as_another_owner_s_is_found()
    {
        Assert.Null((await _user.File(_file.Id).ShareAsync((await _host.SignUpAsync()).Id, ShareRole.Viewer)).Refusal);
        Assert.Empty(await FindAsync());
        await _host.TamperAsync("UPDATE shares SET owner_id = NULL", _user.Id);
        Assert.Equal([(FindingKinds.ChangeFeed, _file.Id)], await FindAsync());
    }

    [Fact]
    public async Task Owner_that_does_not_exist_is_found()
    {
        await _host.ExecuteAsync("UPDATE entries SET owner_id = 'u-nobody' WHERE id = $1", _file.Id);
        Assert.Contains((FindingKinds.OwnerMissing, "u-nobody"), await FindAsync());
    }

    [Fact]
    public async Task Lost_part_of_an_open_session_is_found()
    {
        var open = await _user.CreateAsync("open.bin", 2L * GrainsHost.PartSize);
        await _user.PutAsync(open.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize));
        await _host.ExecuteAsync("UPDATE upload_parts SET etag = 'another' WHERE upload_id = $1", open.Id);
        Assert.Equal([(FindingKinds.PartMissing, open.Id)], await FindAsync());
    }

    [Fact]
    public async Task Session_without_an_intended_object_is_found()
    {
        var open = await _user.CreateAsync("open.bin", 2L * GrainsHost.PartSize);
        await _host.ExecuteAsync("UPDATE objects SET state = 'garbage', garbage_at = now() WHERE upload_id = $1", open.Id);
        Assert.Equal([(FindingKinds.SessionBroken, open.Id)], await FindAsync());
    }

    [Fact]
    public async Task Restored_database_is_confirmed_by_repair()
    {
        await _host.ExecuteAsync("UPDATE installation SET sweep_token = gen_random_uuid(), sweep_stopped = 'alarm'");

        Assert.Equal([(FindingKinds.Marker, ObjectKeys.Marker), (FindingKinds.SweepStopped, "installation")], await FindAsync());
        await AssertRepairedAsync(2);
    }

    [Fact]
    public async Task Nothing_is_confirmed_while_content_is_lost()
    {
        await _host.ExecuteAsync("UPDATE installation SET sweep_stopped = 'alarm'");
        await _host.Store.Inner.DeleteAsync(_key);

        var report = await RunAsync(repair: true);

        Assert.Equal("fsck: 2 problems (0 repaired)", report.Summary);
    }

    private async Task<FsckReport> RunAsync(bool repair = false, TimeSpan age = default) =>
        await new FsckRunner(_host.Catalogue, _host.Store, new JanitorOptions { UnknownObjectAge = age }, TimeProvider.System).RunAsync(repair);

    private async Task<List<(string, string)>> FindAsync() =>
        (await RunAsync()).Findings.Select(finding => (finding.Kind, finding.Subject)).ToList();

    private async Task AssertRepairedAsync(int count)
    {
        var repaired = await RunAsync(repair: true);
        Assert.Equal(count, repaired.RepairedCount);
        var after = await RunAsync();
        Assert.True(after.IsClean, string.Join('\n', after.Findings));
    }
}

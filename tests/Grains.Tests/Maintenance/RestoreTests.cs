using GrainVault.Cli.Fsck;
using GrainVault.Grains.Tests.Support;
using GrainVault.Storage;

namespace GrainVault.Grains.Tests.Maintenance;

/// <summary>An older state of the database, or of the store, comes back, and a bucket is not ours alone.</summary>
public sealed class RestoreTests : IAsyncLifetime
{
    private static readonly byte[] Content = GrainsHost.Bytes(1_000, seed: 61);

    private readonly SafetyHost _host = new();

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Nothing_is_deleted_after_an_older_database_was_restored_until_fsck_has_confirmed()
    {
        var user = await _host.SignUpAsync();
        var kept = (await user.WriteFileAsync("kept.bin", Content)).Entry!;
        var removed = (await user.WriteFileAsync("removed.bin", Content)).Entry!;
        var removedKey = (await user.File(removed.Id).OpenContentAsync(null)).Content!.ObjectKey;
        await user.File(removed.Id).DeleteAsync(permanent: true);
        await DumpAsync();
        var later = (await user.WriteFileAsync("later.bin", Content)).Entry!;
        var laterKey = (await user.File(later.Id).OpenContentAsync(null)).Content!.ObjectKey;
        await Janitor.RunAsync(_host, 0);

        await RestoreAsync();
        await _host.RestartAsync();
        await _host.Store.Inner.PutAsync(removedKey, SafetyHost.ContentOf(Content));
        await Janitor.RunAllAsync(_host, times: 3);

        // Neither what the older database does not know, nor what it takes for garbage.
        Assert.Equal("none", await _host.StateAsync(laterKey));
        Assert.NotNull(await _host.Store.FindAsync(laterKey));
        Assert.NotNull(await _host.Store.FindAsync(removedKey));
        Assert.Equal(Content, await user.ReadAsync(kept.Id));

        var report = await _host.FsckAsync(repair: true);
        Assert.Equal(
            [FindingKinds.Marker, FindingKinds.ObjectUnknown], report.Findings.Where(finding => finding.IsRepaired).Select(finding => finding.Kind).Order());
        await Janitor.RunAllAsync(_host, times: 3);
        Assert.Null(await _host.Store.FindAsync(laterKey));
        Assert.Null(await _host.Store.FindAsync(removedKey));
        Assert.Equal(Content, await user.ReadAsync(kept.Id));
        Assert.True((await _host.FsckAsync()).IsClean);
    }

    [Fact]
    public async Task Nothing_is_deleted_after_an_older_store_was_restored()
    {
        var marker = await _host.ReadAsync(ObjectKeys.Marker);
        await Janitor.RunAsync(_host, 0);
        var stray = await _host.PutStrayAsync(100);
        await _host.Store.Inner.PutAsync(ObjectKeys.Marker, SafetyHost.ContentOf(marker));

        await Janitor.RunAllAsync(_host, times: 3);

        Assert.Equal("none", await _host.StateAsync(stray));
        Assert.NotNull(await _host.Store.FindAsync(stray));
    }

    [Fact]
    public async Task Foreign_objects_in_the_bucket_are_spared_also_below_our_prefix()
    {
        string[] foreign = ["readme.txt", "backup/ab/0123", "objects/data.bin", "objects/ab/cd.bin", "objects/0a/not-one-of-ours", $"objects/{Guid.NewGuid():n}"];
        foreach (var key in foreign)
            await _host.Store.Inner.PutAsync(key, SafetyHost.ContentOf(Content));
        var multipart = (IMultipartStore)_host.Store.Inner;
        await multipart.InitiateAsync("objects/data.bin");

        await Janitor.RunAllAsync(_host, times: 2);
        var report = await _host.FsckAsync(repair: true);
        await Janitor.RunAllAsync(_host, times: 2);

        Assert.True(report.IsClean, string.Join('\n', report.Findings));
        Assert.Equal(0, report.LeakedBytes);
        foreach (var key in foreign)
            Assert.NotNull(await _host.Store.FindAsync(key));
        Assert.Single(await Janitor.StoreUploadsAsync(_host, "objects/data.bin"));
        Assert.Equal(0L, await _host.ScalarAsync<long>("SELECT count(*) FROM objects"));
    }

    [Fact]
    public async Task More_unknown_objects_than_the_limit_stop_the_sweep_whatever_their_share()
    {
        _host.Settings["GrainVault:Janitor:SweepCountMax"] = "2";
        _host.Settings["GrainVault:Janitor:SweepShareMax"] = "1";
        _host.Settings["GrainVault:Janitor:SweepCountFree"] = "1000";
        await _host.RestartAsync();
        for (var i = 0; i < 3; i++)
            await _host.PutStrayAsync(100, 'e');

        await Janitor.RunAllAsync(_host, times: 2);

        Assert.Equal(0L, await _host.ScalarAsync<long>("SELECT count(*) FROM objects"));
        Assert.Equal(3, (await Janitor.StoreKeysAsync(_host, "objects/e")).Count);
        Assert.Equal([FindingKinds.ObjectUnknown, FindingKinds.SweepStopped], (await _host.FsckAsync()).Findings.Select(finding => finding.Kind).Distinct());
    }

    /// <summary>What a dump has: all rows of this moment.</summary>
    private Task<int> DumpAsync() => _host.ExecuteAsync(
        """
        DO $$
        DECLARE
            t text;
        BEGIN
            CREATE SCHEMA dumped;
            FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
                EXECUTE format('CREATE TABLE dumped.%I AS TABLE %I', t, t);
            END LOOP;
        END $$
        """);

    /// <summary>Those rows again, and no others; triggers and foreign keys sleep, as they do for pg_restore.</summary>
    private Task<int> RestoreAsync() => _host.ExecuteAsync(
        """
        DO $$
        DECLARE
            t text;
        BEGIN
            SET LOCAL session_replication_role = replica;
            FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'dumped' LOOP
                EXECUTE format('DELETE FROM %I', t);
                EXECUTE format('INSERT INTO %I SELECT * FROM dumped.%I', t, t);
            END LOOP;
        END $$
        """);
}

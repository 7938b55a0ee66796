using GrainVault.Grains.Tests.Support;
using GrainVault.Storage;

namespace GrainVault.Grains.Tests.Maintenance;

/// <summary>How many bytes are leaked is known, and they are gone after two sweeps.</summary>
public sealed class LeakTests : IAsyncLifetime
{
    private readonly SafetyHost _host = new();

    public Task InitializeAsync() => _host.InitializeAsync();

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Strays_are_leaked_until_the_second_sweep()
    {
        var user = await _host.SignUpAsync();
        await user.WriteFileAsync("kept.bin", GrainsHost.Bytes(500));
        await _host.PutStrayAsync(1_000, 'a');
        await _host.PutStrayAsync(2_000, 'a');
        var key = ObjectKeys.NewContentKey();
        var multipart = (IMultipartStore)_host.Store.Inner;
        await multipart.PutPartAsync(key, await multipart.InitiateAsync(key), 1, SafetyHost.ContentOf(GrainsHost.Bytes(30_000)));
        var before = await _host.FsckAsync();
        Assert.Equal((3L, 33_000L), (before.LeakedObjectCount, before.LeakedBytes));

        await Janitor.RunAllAsync(_host);
        Assert.Equal(33_000, _host.LeakedBytes);
        await Janitor.RunAllAsync(_host);

        Assert.Equal(0, _host.LeakedBytes);
        var after = await _host.FsckAsync();
        Assert.True(after.IsClean, string.Join('\n', after.Findings));
        Assert.Equal((0L, 0L), (after.LeakedObjectCount, after.LeakedBytes));
    }

    [Fact]
    public async Task Overdue_garbage_and_forgotten_intents_are_leaked_and_what_waits_or_runs_is_not()
    {
        var user = await _host.SignUpAsync();
        var waiting = await _host.PutStrayAsync(1_000);
        var held = await _host.PutStrayAsync(2_000);
        var overdue = await _host.PutStrayAsync(4_000);
        var forgotten = await _host.PutStrayAsync(8_000);
        var running = await _host.PutStrayAsync(16_000);
        await InsertAsync(waiting, "'garbage', now(), NULL, 0::smallint, NULL");
        await InsertAsync(held, "'garbage', now() - interval '3 days', NULL, 1::smallint, now() + interval '1 hour'");
        await InsertAsync(overdue, "'garbage', now() - interval '2 days', NULL, 0::smallint, NULL");
        await InsertAsync(forgotten, "'intended', NULL, now() - interval '1 second', 0::smallint, NULL");
        await InsertAsync(running, "'intended', NULL, now() + interval '1 hour', 0::smallint, NULL");
        var open = await user.CreateAsync("open.bin", 2L * GrainsHost.PartSize);
        await user.PutAsync(open.Id, 1, GrainsHost.Bytes(GrainsHost.PartSize));
        await _host.ExecuteAsync("UPDATE objects SET intent_deadline = now() - interval '1 day' WHERE upload_id = $1", open.Id);

        var leaked = "SELECT string_agg(key, ',' ORDER BY size_bytes) FROM objects o WHERE object_is_overdue(o, interval '1 day')";
        Assert.Equal($"{overdue},{forgotten}", await _host.ScalarAsync<string>(leaked));
    }

    private async Task InsertAsync(string key, string values) =>
        await _host.ExecuteAsync(
            $"INSERT INTO objects (key, store, size_bytes, state, garbage_at, intent_deadline, deleted_count, urls_until) SELECT $1, 'disk', $2, {values}",
            key, (await _host.Store.FindAsync(key))!.SizeBytes);
}

using GrainVault.Grains.Tests.Support;

namespace GrainVault.Grains.Tests.Maintenance;

/// <summary>Garbage waits, so that running downloads end and late writes land, before each of its two deletions.</summary>
public sealed class GarbageDelayTests : IAsyncLifetime
{
    private static readonly byte[] Content = GrainsHost.Bytes(1_000, seed: 71);

    private readonly SafetyHost _host = new();

    public Task InitializeAsync()
    {
        _host.Settings["GrainVault:Janitor:GarbageDelay"] = "1.00:00:00";
        return _host.InitializeAsync();
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Purged_file_can_be_read_to_its_end_and_is_deleted_a_day_later_and_once_more_after_another()
    {
        var user = await _host.SignUpAsync();
        var file = (await user.WriteFileAsync("purged.bin", Content)).Entry!;
        var key = (await user.File(file.Id).OpenContentAsync(null)).Content!.ObjectKey;
        Assert.Null((await user.File(file.Id).DeleteAsync(permanent: true)).Refusal);

        await Janitor.RunAllAsync(_host, times: 2);
        Assert.Equal(Content, await _host.ReadAsync(key));
        Assert.Equal(0, _host.LeakedBytes);

        await _host.ExecuteAsync("UPDATE objects SET garbage_at = garbage_at - interval '25 hours' WHERE key = $1", key);
        await Janitor.RunAllAsync(_host);
        Assert.Null(await _host.Store.FindAsync(key));
        // A write that was under way brings it back; what waits for its second deletion is not leaked.
        await _host.Store.Inner.PutAsync(key, SafetyHost.ContentOf(Content));
        await Janitor.RunAllAsync(_host, times: 2);
        Assert.NotNull(await _host.Store.FindAsync(key));
        Assert.Equal(0, _host.LeakedBytes);

        await _host.ExecuteAsync("UPDATE objects SET deleted_at = deleted_at - interval '25 hours' WHERE key = $1", key);
        await Janitor.RunAllAsync(_host);
        Assert.Null(await _host.Store.FindAsync(key));
        Assert.Equal("none", await _host.StateAsync(key));
    }
}

using GrainVault.Administration;
using GrainVault.Data;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Options;
using Microsoft.Extensions.DependencyInjection;

namespace GrainVault.Grains.Tests.Administration;

/// <summary>A host that keeps ten calls.</summary>
public sealed class FewCallsHost : GrainsHost
{
    public const int RowCountMax = 10;

    public FewCallsHost() => Settings["GrainVault:StorageActivity:RowCountMax"] = "10";
}

/// <summary>The log of the object store's calls.</summary>
public sealed class StoreCallTests(FewCallsHost host) : IClassFixture<FewCallsHost>
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Calls_are_bounded_filtered_and_paged()
    {
        var administrator = await host.SignUpAsync();
        await using (var command = host.Identity.CreateCommand($"UPDATE accounts SET roles = 'admin' WHERE id = '{administrator.Id}'"))
            await command.ExecuteNonQueryAsync();
        var log = host.Grains.GetGrain<IStorageActivityGrain>(IStorageActivityGrain.Key);
        await log.AppendAsync("a", [.. Enumerable.Range(0, 8).Select(i => Call(i, "put", "ok"))]);
        await log.AppendAsync("b", [.. Enumerable.Range(8, 8).Select(i => Call(i, i % 2 == 0 ? "put" : "open_read", i == 9 ? "unavailable" : "ok"))]);
        await log.AppendAsync("b", []);

        Assert.Equal((long)FewCallsHost.RowCountMax, await host.ScalarAsync<long>("SELECT count(*) FROM store_calls"));
        Assert.Equal(["15", "14", "13", "12", "11", "10", "9", "8", "7", "6"], await KeysAsync(administrator, Query(3)));
        Assert.Equal(["15", "13", "11", "9"], await KeysAsync(administrator, Query(2) with { Operation = "open_read" }));
        Assert.Equal(["9"], await KeysAsync(administrator, Query(2) with { Outcome = "failed" }));
        Assert.Equal(["9"], await KeysAsync(administrator, Query(2) with { Outcome = "unavailable" }));
        Assert.Equal(["12"], await KeysAsync(administrator, Query(2) with { ObjectKey = "objects/12" }));
        Assert.Equal(["12", "11"], await KeysAsync(administrator, Query(1) with { From = Start.AddSeconds(11), Before = Start.AddSeconds(13) }));
        Assert.Empty(await KeysAsync(administrator, Query(2) with { ObjectKey = "no\0such" }));
        var grain = administrator.Grains.GetGrain<IAdminGrain>(administrator.Id);
        var call = (await grain.ListStoreCallsAsync(Query(1))).Calls[0];
        Assert.Equal(("b", "disk", TimeSpan.FromMilliseconds(1.5), 7L), (call.Process, call.Store, call.Elapsed, call.SizeBytes));
        Assert.Equal(RefusalReason.Invalid, (await grain.ListStoreCallsAsync(Query(0))).Refusal?.Reason);
        Assert.Equal(RefusalReason.Invalid, (await grain.ListStoreCallsAsync(Query(1) with { Cursor = "AAAA" })).Refusal?.Reason);
        var stranger = await host.SignUpAsync();
        Assert.Equal(RefusalReason.Forbidden, (await stranger.Grains.GetGrain<IAdminGrain>(stranger.Id).ListStoreCallsAsync(Query(1))).Refusal?.Reason);

        var repository = new StoreCallRepository(
            host.Services.GetRequiredService<CatalogueDatabase>(),
            host.Services.GetRequiredService<ListCursors>(),
            Microsoft.Extensions.Options.Options.Create(new StorageActivityOptions { Age = TimeSpan.FromMinutes(1) }));
        await host.ExecuteAsync("UPDATE store_calls SET at = now() WHERE object_key = 'objects/15'");
        await host.ExecuteAsync("UPDATE store_calls SET at = now() - interval '2 minutes' WHERE object_key <> 'objects/15'");
        Assert.Equal(9, await repository.RemoveOldAsync(CancellationToken.None));
    }

    private static StoreCallRecord Call(int i, string operation, string outcome) =>
        new(Start.AddSeconds(i), "disk", operation, $"objects/{i}", outcome, TimeSpan.FromMilliseconds(1.5), 7);

    private static StoreCallQuery Query(int limit) => new(null, null, null, null, null, null, limit);

    private static async Task<List<string>> KeysAsync(TestUser administrator, StoreCallQuery query)
    {
        var keys = new List<string>();
        do
        {
            var page = await administrator.Grains.GetGrain<IAdminGrain>(administrator.Id).ListStoreCallsAsync(query);
            Assert.Null(page.Refusal);
            keys.AddRange(page.Calls.Select(call => call.ObjectKey["objects/".Length..]));
            query = query with { Cursor = page.NextCursor };
        }
        while (query.Cursor is not null);
        return keys;
    }
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using GrainVault.Data;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using GrainVault.Uploads;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace GrainVault.Grains.Tests.Files;

/// <summary>
/// What users wait for reads no table from end to end, however PostgreSQL plans it: the plans are those of the product's own statements, and of
/// the statements in functions and triggers, for any parameters.
/// </summary>
public sealed partial class HotPlanTests(PlansHost host) : IClassFixture<PlansHost>
{
    private const int Count = 6_000;

    [Fact]
    public async Task Nothing_that_users_wait_for_reads_a_whole_table()
    {
        var (user, reader) = (await host.SignUpAsync(), await host.SignUpAsync());
        var folder = await user.FolderAsync("many");
        var target = await user.FolderAsync("target");
        await FillAsync(user.Id, folder);
        host.Plans.Clear();

        await ListAsync(user, folder);
        await ChangeAsync(user, reader, folder, target);
        await UploadAsync(user, folder);
        Assert.Null((await user.Grain.MeasureArchiveAsync([folder], 1_000)).Refusal);
        Assert.Null((await reader.Grain.ListArchiveAsync(folder, null)).Refusal);
        Assert.True((await user.Grain.EmptyTrashAsync()).IsDone);

        // Of functions, too: nested statements are among them.
        Assert.True(host.Plans.Count > 100, $"{host.Plans.Count} plans");
        Assert.Contains(host.Plans, plan => plan.Contains("entries_grams", StringComparison.Ordinal));
        Assert.Equal("", string.Join("\n\n", host.Plans.Where(plan => WholeTable().IsMatch(plan)).Distinct()));
    }

    private static async Task ListAsync(TestUser user, string folder)
    {
        foreach (var sort in Enum.GetValues<EntrySort>())
        {
            var query = new EntryQuery(EntryView.Owned, folder, null, null, 10, sort);
            var page = await user.Grain.ListFilesAsync(query);
            Assert.Equal(10, (await user.Grain.ListFilesAsync(query with { Cursor = page.NextCursor })).Entries.Count);
        }

        foreach (var view in (EntryView[])[EntryView.Recent, EntryView.Public, EntryView.Shared, EntryView.Trash])
            Assert.Null((await user.Grain.ListFilesAsync(new EntryQuery(view, null, null, null, 10))).Refusal);
        foreach (var (text, isPrefix) in ((string, bool)[])[("big", false), ("big 4321", false), ("none such", false), ("big 43", true)])
            Assert.Null((await user.Grain.ListFilesAsync(new EntryQuery(EntryView.Owned, null, text, null, 10, Filter: new EntryFilter(isPrefix, null, null, null, null, null, null)))).Refusal);
        Assert.Equal("big 77", (await user.Grain.FindByPathAsync("many/big 77")).Entry!.Name);
    }

    private static async Task ChangeAsync(TestUser user, TestUser reader, string folder, string target)
    {
        var file = (await user.Grain.FindByPathAsync("many/big 5")).Entry!.Id;
        Assert.Null((await user.File(folder).ShareAsync(reader.Id, ShareRole.Viewer)).Refusal);
        Assert.NotNull((await reader.File(file).GetAsync()).Entry);
        Assert.Null((await user.ChangeAsync(folder, move: true, parentId: target)).Refusal);
        Assert.Null((await user.ChangeAsync(file, name: "renamed", move: true, parentId: target)).Refusal);
        Assert.Null((await user.File(Ids.New(Ids.File)).CopyFromAsync(new CopyFileCommand(file, "copy", false, null, OnConflict.Fail))).Refusal);
        var other = (await user.Grain.FindByPathAsync("target/many/big 6")).Entry!.Id;
        Assert.Null((await reader.File(Ids.New(Ids.File)).CopyFromAsync(new CopyFileCommand(other, null, false, null, OnConflict.Fail))).Refusal);
        Assert.Null((await user.File(file).DeleteAsync(permanent: false)).Refusal);
        Assert.Null((await user.File(file).RestoreAsync()).Refusal);
        Assert.Null((await user.File(file).DeleteAsync(permanent: false)).Refusal);
        Assert.Null((await user.File((await user.Grain.FindByPathAsync("target/many/big 7")).Entry!.Id).DeleteAsync(permanent: true)).Refusal);
        Assert.Null((await user.File(folder).UnshareAsync(reader.Id)).Refusal);
        Assert.Null((await user.File(folder).ShareAsync(reader.Id, ShareRole.Editor)).Refusal);
    }

    private static async Task UploadAsync(TestUser user, string folder)
    {
        var content = GrainsHost.Bytes(1000);
        Assert.Null((await user.WriteFileAsync("one request", content, parentId: folder)).Refusal);
        var upload = await user.CreateAsync(TestUser.Command("session", 1000, Convert.ToHexStringLower(SHA256.HashData(content)), parentId: folder));
        Assert.NotNull(upload.Challenge);
        await user.PutAllAsync(upload, content);
        var file = (await user.CompleteAsync(upload.Id)).Entry!;
        var second = await user.CreateAsync(new CreateUploadCommand(null, 10, null, null, UploadMode.Proxied, null, file.Id, 1, null, OnConflict.Fail));
        await user.PutAllAsync(second, content[..10]);
        Assert.Equal(2, (await user.CompleteAsync(second.Id)).Entry!.Version);
        Assert.Equal(2, (await user.File(file.Id).ListVersionsAsync(null, 10)).Versions.Count);
        Assert.Null((await user.File(file.Id).RestoreVersionAsync(1)).Refusal);
        Assert.Null((await user.File(file.Id).DeleteVersionAsync(2)).Refusal);
        Assert.Empty((await user.Grain.ListUploadsAsync(null, 10)).Uploads);
    }

    private async Task FillAsync(string user, string folder)
    {
        await host.ExecuteAsync(
            """
            WITH made AS (
                INSERT INTO entries (id, owner_id, parent_id, kind, name, name_key, current_version, size_bytes, modified_at)
                SELECT 'f-' || gen_random_uuid(), $1, $2, 1, 'big ' || i, 'big ' || i, 1, 1, now() - i * interval '1 s' FROM generate_series(1, $3) i RETURNING id
            ), kept AS (
                INSERT INTO objects (key, store, state, size_bytes, sha256) SELECT id, 'x', 'live', 1, sha256(id::bytea) FROM made
            ), told AS (
                INSERT INTO changes (owner_id, seq, entry_id, kind) SELECT 'u-' || gen_random_uuid(), 1, id, 1 FROM made
            ), shared AS (
                INSERT INTO shares (entry_id, user_id, role) SELECT id, 'u-' || gen_random_uuid(), 2 FROM made
            ), others AS (
                INSERT INTO users (id, quota_bytes) SELECT 'u-' || gen_random_uuid(), 1 FROM made
            ), ended AS (
                INSERT INTO uploads (id, owner_id, state, mode, file_id, is_new_file, name, name_key, on_conflict, content_type, part_size_bytes, multipart,
                    reserved_bytes, store, version_number, expires_at, ended_at)
                SELECT 'up-' || gen_random_uuid(), 'u-' || gen_random_uuid(), 4, 1, id, true, 'n', 'n', 1, 'x', 1, false, 0, 'x', 1, now(), now() FROM made
            )
            INSERT INTO file_versions (file_id, number, object_key, size_bytes, content_type, checksum, sha256) SELECT id, 1, id, 1, 'x', 'c', sha256(id::bytea) FROM made
            """,
            user,
            folder,
            Count);
        await host.ExecuteAsync("ANALYZE");
    }

    [GeneratedRegex(@"Seq Scan on (entries|file_versions|objects|changes|users|uploads|shares)\b")]
    private static partial Regex WholeTable();
}

/// <summary>A silo whose statements come with their plans.</summary>
public sealed partial class PlansHost : GrainsHost, ILoggerFactory, ILogger
{
    /// <summary>The plans of all statements so far.</summary>
    public ConcurrentQueue<string> Plans { get; } = [];

    protected override void Configure(IServiceCollection services) => services.AddKeyedSingleton(CatalogueDatabase.Key, (_, _) =>
    {
        var builder = new NpgsqlDataSourceBuilder(ConnectionString(CatalogueDatabase.Key));
        builder.UseLoggerFactory(this);
        const string Explain =
            """
            LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET auto_explain.log_level = notice;
            SET plan_cache_mode = force_generic_plan
            """;
        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = new NpgsqlCommand(Explain, connection);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                await using var command = new NpgsqlCommand(Explain, connection);
                await command.ExecuteNonQueryAsync();
            });
        return builder.Build();
    });

    ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

    void ILoggerFactory.AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    void IDisposable.Dispose()
    {
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var text = formatter(state, exception);
        if (text.Contains("plan:", StringComparison.Ordinal))
            Plans.Enqueue(Figures().Replace(text, ""));
    }

    [GeneratedRegex(@"duration: [0-9.]+ ms|  \(cost=[^)]*\)")]
    private static partial Regex Figures();
}

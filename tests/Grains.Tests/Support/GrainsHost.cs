using System.Security.Cryptography;
using GrainVault.Accounts;
using GrainVault.Data;
using GrainVault.Files;
using GrainVault.Silo.Migrations;
using GrainVault.Silo.Postgres;
using GrainVault.Storage.Disk;
using GrainVault.TestKit;
using GrainVault.Uploads;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Orleans;
using Orleans.Hosting;
using GrainVault.Storage;

namespace GrainVault.Grains.Tests.Support;

/// <summary>A silo with the product's grains on a database of its own and a disk store of its own.</summary>
public class GrainsHost : IAsyncLifetime
{
    public const string Password = "a long enough passphrase 7";

    /// <summary>Smallest part that the profile allows, so that tests move few bytes.</summary>
    public const int PartSize = 5 << 20;

    /// <summary>Template of the databases of this project's tests.</summary>
    internal const string TemplateName = "grains";

    private readonly TestFolder _folder = new();
    private PostgresDatabase _database = null!;
    private IHost _host = null!;
    private IHost? _twin;
    private static int _emailCount;

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public IServiceProvider Services => _host.Services;

    public TestStore Store { get; private set; } = null!;

    /// <summary>The catalogue, for looking and for making what only a crash leaves.</summary>
    public NpgsqlDataSource Catalogue { get; private set; } = null!;

    public NpgsqlDataSource Identity { get; private set; } = null!;

    /// <summary>Options below <c>GrainVault</c>.</summary>
    public Dictionary<string, string?> Settings { get; } = new()
    {
        // The least that is allowed: these tests are not about the cost of a hash.
        ["GrainVault:Auth:PasswordHashIterations"] = "10000",
        ["GrainVault:Limits:PartWait"] = "00:00:02",
        // Driven by hand: a run that comes by itself makes calls that a test did not expect.
        ["GrainVault:Janitor:Period"] = "1.00:00:00",
        ["GrainVault:Janitor:CompletionAge"] = "00:00:00",
        ["GrainVault:Janitor:GarbageDelay"] = "00:00:00",
        ["GrainVault:Janitor:IntentSlack"] = "00:00:00",
        ["GrainVault:Janitor:SweepPeriod"] = "00:00:00",
    };

    public virtual async Task InitializeAsync()
    {
        _database = await PostgresDatabase.CreateAsync(TemplateName, MigrateAsync);
        Catalogue = NpgsqlDataSource.Create(ConnectionString(CatalogueDatabase.Key));
        Identity = NpgsqlDataSource.Create(ConnectionString(IdentityDatabase.Key));
        Store = new TestStore(await MakeStoreAsync());
        await StartAsync();
        await Poll.UntilAsync(() => ScalarAsync<bool>("SELECT marker_written FROM installation"), "the marker is written");
    }

    public virtual async Task DisposeAsync()
    {
        await StopAsync();
        if (_twin is not null)
        {
            await _twin.StopAsync();
            _twin.Dispose();
        }
        Store.Dispose();
        await Catalogue.DisposeAsync();
        await Identity.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>
    /// A second silo on the same data that knows nothing of the first, as on the two sides of a partition: every grain can
    /// have two activations.
    /// </summary>
    public async Task<IGrainFactory> StartTwinAsync() =>
        (_twin ??= await StartHostAsync()).Services.GetRequiredService<IGrainFactory>();

    /// <summary>Another silo on the same data, as after a crash.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    public async Task<TestUser> SignUpAsync()
    {
        var email = $"user{Interlocked.Increment(ref _emailCount)}@example.org";
        var result = await Grains.GetGrain<IAccountGrain>(AccountKeys.GrainKey(email))
            .SignUpAsync(new SignUpCommand(Ids.New(Ids.User), email, Password, null));
        Assert.Null(result.Refusal);
        return new TestUser(this, result.SignIn!.UserId, email, result.SignIn);
    }

    public async Task<T> ScalarAsync<T>(string sql, params object[] values)
    {
        await using var command = Catalogue.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task<int> ExecuteAsync(string sql, params object[] values)
    {
        await using var command = Catalogue.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>Bytes that differ by seed.</summary>
    public static byte[] Bytes(int size, int seed = 1)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public async Task<byte[]> ReadAsync(string key)
    {
        await using var stream = await Store.Inner.OpenReadAsync(key);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    protected virtual void Configure(IServiceCollection services)
    {
    }

    /// <summary>The store below the hooks; a disk store, unless a class needs another.</summary>
    protected virtual Task<IObjectStore> MakeStoreAsync() => Task.FromResult<IObjectStore>(new DiskObjectStore(
        new DiskOptions { Directory = _folder["objects"] }, TimeProvider.System, NullLogger<DiskObjectStore>.Instance));

    public string ConnectionString(string schema) =>
        new NpgsqlConnectionStringBuilder(_database.ForSchema(schema)) { MaxAutoPrepare = 64 }.ConnectionString;

    private async Task StartAsync() => _host = await StartHostAsync();

    private async Task<IHost> StartHostAsync()
    {
        // Without the default files: each watched one takes an inotify instance, of which a user has 128.
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(Settings);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IObjectStore>(Store);
        builder.Services.AddKeyedSingleton(IdentityDatabase.Key, (_, _) => NpgsqlDataSource.Create(ConnectionString(IdentityDatabase.Key)));
        builder.Services.AddKeyedSingleton(CatalogueDatabase.Key, (_, _) => NpgsqlDataSource.Create(ConnectionString(CatalogueDatabase.Key)));
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(LoopbackPorts.FindFree(), LoopbackPorts.FindFree(), serviceId: "test", clusterId: Guid.NewGuid().ToString("n"));
            silo.UseInMemoryReminderService();
            silo.AddActivityPropagation();
            silo.Configure<ReminderOptions>(options => options.MinimumReminderPeriod = TimeSpan.FromSeconds(1));
        });
        builder.Services.AddGrainVaultGrains(builder.Configuration);
        Configure(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private async Task StopAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    /// <summary>Makes the schemas of the product; prepares <see cref="TemplateName"/>.</summary>
    internal static async Task MigrateAsync(string connectionString)
    {
        var runner = new MigrationRunner(NullLogger<MigrationRunner>.Instance, TimeProvider.System);
        foreach (var schema in (string[])[IdentityDatabase.Key, CatalogueDatabase.Key])
            await runner.ApplyAsync(connectionString, MigrationSet.FromResources(schema), TimeSpan.FromSeconds(30));
        NpgsqlConnection.ClearAllPools();
    }
}

/// <summary>A signed-up user whose calls carry the identity, as the front end would set it.</summary>
public sealed class TestUser(GrainsHost host, string id, string email, SignIn signIn)
{
    public string Id => id;

    public string Email => email;

    public SignIn SignIn => signIn;

    /// <summary>Sets the caller for what follows in the test.</summary>
    public IGrainFactory Grains
    {
        get
        {
            Caller.Set(id, "", "test");
            return host.Grains;
        }
    }

    public IUserGrain Grain => Grains.GetGrain<IUserGrain>(id);

    public IUploadSessionGrain Session(string uploadId) => Grains.GetGrain<IUploadSessionGrain>(uploadId);

    public IFileGrain File(string fileId) => Grains.GetGrain<IFileGrain>(fileId);

    public IPartWriterGrain Writer(int key = 0) => Grains.GetGrain<IPartWriterGrain>($"w-{key}");

    public static CreateUploadCommand Command(string name, long? size, string? sha256 = null, OnConflict onConflict = OnConflict.Fail, string? parentId = null) =>
        new(name, size, "text/plain", parentId, UploadMode.Proxied, GrainsHost.PartSize, null, null, sha256, onConflict);

    /// <summary>A new session; fails the test when refused.</summary>
    public async Task<UploadInfo> CreateAsync(CreateUploadCommand command)
    {
        var result = await Session(Ids.New(Ids.Upload)).CreateAsync(command);
        Assert.Null(result.Refusal);
        return result.Upload!;
    }

    public Task<UploadInfo> CreateAsync(string name, long? size) => CreateAsync(Command(name, size));

    public Task<PartResult> PutAsync(string uploadId, int number, byte[] bytes, int writer = 0) =>
        Writer(writer).WritePartAsync(new WritePartCommand(uploadId, number, new PartContent(bytes), SHA256.HashData(bytes)));

    /// <summary>Puts all parts of a content, in order.</summary>
    public async Task PutAllAsync(UploadInfo upload, byte[] content)
    {
        var number = 0;
        foreach (var part in content.Chunk((int)upload.PartSizeBytes))
            Assert.Null((await PutAsync(upload.Id, ++number, part)).Refusal);
    }

    public Task<EntryResult> CompleteAsync(string uploadId, CompleteUploadCommand? command = null) =>
        Session(uploadId).CompleteAsync(command ?? new CompleteUploadCommand(null, null, null, null, null, null));

    public Task<EntryResult> WriteFileAsync(string name, byte[] bytes, string? fileId = null, OnConflict onConflict = OnConflict.Fail, string? parentId = null) =>
        Writer().WriteFileAsync(new WriteFileCommand(
            fileId ?? Ids.New(Ids.File), name, parentId, "text/plain", onConflict, new PartContent(bytes), SHA256.HashData(bytes)));

    /// <summary>Id of a new folder; fails the test when refused.</summary>
    public async Task<string> FolderAsync(string name, string? parentId = null)
    {
        var result = await File(Ids.New(Ids.File)).CreateFolderAsync(new CreateFolderCommand(name, parentId));
        Assert.Null(result.Refusal);
        return result.Entry!.Id;
    }

    /// <summary>Renames, moves, shows or hides an entry.</summary>
    public Task<EntryResult> ChangeAsync(string id, string? name = null, bool move = false, string? parentId = null, Visibility? visibility = null) =>
        File(id).ChangeAsync(new ChangeEntryCommand(name, move, parentId, visibility, null));

    /// <summary>Content of a file as a download would give it.</summary>
    public async Task<byte[]> ReadAsync(string fileId)
    {
        var result = await File(fileId).OpenContentAsync(null);
        Assert.Null(result.Refusal);
        return result.Content!.SizeBytes == 0 ? [] : await host.ReadAsync(result.Content.ObjectKey);
    }

    public async Task<Profile> ProfileAsync() => (await Grain.GetProfileAsync()).Profile!;
}

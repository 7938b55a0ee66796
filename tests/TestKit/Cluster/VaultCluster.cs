using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using GrainVault.Silo.Postgres;
using GrainVault.TestKit.Processes;
using GrainVault.TestKit.S3;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace GrainVault.TestKit.Cluster;

/// <summary>
/// A whole cluster of real processes: PostgreSQL, an S3 server, silos and front ends, each of which can be
/// killed, paused, stopped and started again while the others go on. Everything dies with this process.
/// </summary>
public sealed class VaultCluster : IAsyncDisposable
{
    private const int PostgresConnectionCountMax = 500;
    private const string Bucket = "cluster";

    private static readonly TimeSpan ActiveWithin = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly TestFolder _postgresFolder;
    private readonly List<VaultMember> _silos = [];
    private readonly List<VaultMember> _frontEnds = [];
    private readonly Dictionary<string, string> _common = [];
    private VaultClusterSettings _settings;
    private EmbeddedPostgres _postgres;
    private int _siloCount;

    private VaultCluster(VaultClusterSettings settings, EmbeddedPostgres postgres, S3Server store, TestFolder postgresFolder)
    {
        _settings = settings;
        _postgres = postgres;
        _postgresFolder = postgresFolder;
        Store = store;
        DataSource = NpgsqlDataSource.Create(postgres.ConnectionString);
    }

    public IReadOnlyList<VaultMember> Silos => _silos;

    public IReadOnlyList<VaultMember> FrontEnds => _frontEnds;

    public IEnumerable<VaultMember> Members => _silos.Concat(_frontEnds);

    public IReadOnlyList<Uri> FrontEndAddresses => _frontEnds.ConvertAll(frontEnd => frontEnd.Address);

    /// <summary>Keeps its objects while it is stopped.</summary>
    public S3Server Store { get; }

    /// <summary>Leads its superuser to the cluster's database, whatever the processes are told. Holds the password.</summary>
    public string ConnectionString => _postgres.ConnectionString;

    /// <summary>The cluster's database, as its superuser.</summary>
    public NpgsqlDataSource DataSource { get; }

    /// <summary>Starts everything and waits until all of it is ready.</summary>
    public static async Task<VaultCluster> StartAsync(VaultClusterSettings? settings = null)
    {
        var postgresFolder = new TestFolder();
        var starting = StartPostgresAsync(postgresFolder["data"]);
        var cluster = new VaultCluster(settings ?? new VaultClusterSettings(), await starting, await S3Server.StartAsync(persistent: true), postgresFolder);
        try
        {
            await cluster.StartMembersAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one more silo and waits until it is ready.</summary>
    public async Task<VaultMember> AddSiloAsync()
    {
        var silo = NewSilo();
        await silo.StartAsync();
        return silo;
    }

    /// <summary>Stops all silos and starts others, with other addresses and launchers; the front ends stay and find them.</summary>
    public async Task ReplaceSilosAsync(VaultClusterSettings settings)
    {
        _settings = settings;
        foreach (var (silo, stopping) in _silos.ConvertAll(silo => (silo, silo.StopOrderlyAsync())))
        {
            await stopping;
            await RemoveAsync(silo);
        }

        await Task.WhenAll(Enumerable.Range(0, settings.SiloCount).Select(_ => AddSiloAsync()));
        await Task.WhenAll(_frontEnds.Select(frontEnd => frontEnd.WaitUntilReadyAsync()));
    }

    /// <summary>Forgets a silo that has been stopped for good.</summary>
    public async Task RemoveAsync(VaultMember silo)
    {
        _silos.Remove(silo);
        await silo.DisposeAsync();
    }

    /// <summary>Silos that the member table has as active, as ip:port:generation.</summary>
    public async Task<List<string>> ActiveSilosAsync()
    {
        await using var command = DataSource.CreateCommand("SELECT address || ':' || port || ':' || generation FROM orleans.OrleansMembershipTable WHERE status = 3 ORDER BY 1");
        await using var reader = await command.ExecuteReaderAsync();
        var active = new List<string>();
        while (await reader.ReadAsync())
            active.Add(reader.GetString(0));
        return active;
    }

    /// <summary>Waits until the member table has exactly the silos that run as active.</summary>
    public Task WaitUntilActiveAsync() => Eventually.TrueAsync(
        async () => (await ActiveSilosAsync()).Count == _silos.Count(silo => silo.IsRunning),
        ActiveWithin,
        () => $"{_silos.Count(silo => silo.IsRunning)} silos run, and others are active");

    /// <summary>Stops PostgreSQL in order; the moment at which it is gone.</summary>
    public async Task<long> StopPostgresAsync()
    {
        await _postgres.StopAsync();
        return Stopwatch.GetTimestamp();
    }

    /// <summary>Starts a stopped PostgreSQL on the port it had; the moment from which it answers.</summary>
    public async Task<long> StartPostgresAsync()
    {
        _postgres = await StartPostgresAsync(_postgresFolder["data"]);
        var back = Stopwatch.GetTimestamp();
        // The connections of our own ended with the server before.
        DataSource.Clear();
        return back;
    }

    /// <summary>Runs the operator's command line on the cluster's database and store; exit code and output.</summary>
    public async Task<(int ExitCode, string Output)> RunCliAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Repository.Built("src/Cli", "grainvault"), arguments)
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in CommonSettings(DirectAddress))
            start.Environment[name] = value;
        using var cli = Process.Start(start)!;
        var output = cli.StandardOutput.ReadToEndAsync();
        var error = cli.StandardError.ReadToEndAsync();
        await cli.WaitForExitAsync();
        return (cli.ExitCode, await output + await error);
    }

    /// <summary>Writes every member's log into a folder, for a look after a failure.</summary>
    public void SaveLogs(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var member in Members)
            File.WriteAllText(Path.Combine(folder, $"{member.Name}.log"), member.Log);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
            await member.DisposeAsync();
        await DataSource.DisposeAsync();
        await _postgres.DisposeAsync();
        await Store.DisposeAsync();
        _folder.Dispose();
        _postgresFolder.Dispose();
    }

    private static Task<EmbeddedPostgres> StartPostgresAsync(string folder) => EmbeddedPostgres.StartAsync(
        new EmbeddedPostgresSettings { DataDirectory = folder, Durable = false, ConnectionCountMax = PostgresConnectionCountMax },
        NullLogger.Instance,
        TimeProvider.System);

    private async Task StartMembersAsync()
    {
        SetCommon();
        for (var number = 1; number <= _settings.SiloCount; number++)
            NewSilo();
        for (var number = 1; number <= _settings.FrontEndCount; number++)
            NewFrontEnd();
        // The first one migrates the database, and the others needn't wait for each other.
        await _silos[0].StartAsync();
        await Task.WhenAll(Members.Skip(1).Select(member => member.StartAsync()));
    }

    /// <summary>What all processes share, wherever they are.</summary>
    private void SetCommon()
    {
        _common["GrainVault__Objects__Provider"] = "s3";
        _common["GrainVault__Objects__S3__Region"] = "us-east-1";
        _common["GrainVault__Objects__S3__Bucket"] = Bucket;
        _common["GrainVault__Objects__S3__AccessKey"] = S3Server.AccessKey;
        _common["GrainVault__Objects__S3__SecretKey"] = S3Server.SecretKey;
        _common["GrainVault__Objects__S3__ForcePathStyle"] = "true";
        _common["GrainVault__Cluster__Secret"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        _common["GrainVault__Auth__SigningKeys__0__Kid"] = "test";
        _common["GrainVault__Auth__SigningKeys__0__Secret"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    }

    private VaultMember NewSilo()
    {
        var number = ++_siloCount;
        var ip = _settings.SiloAddress(number);
        var (siloPort, gatewayPort) = (LoopbackPorts.FindFree(), LoopbackPorts.FindFree());
        var health = new Uri($"http://{ip}:{LoopbackPorts.FindFree()}");
        var own = SiloSettings(ip, siloPort, gatewayPort);
        own["GrainVault__Cluster__HealthUrl"] = health.ToString();
        var name = $"silo-{number}";
        var silo = new VaultMember(name, _settings.SiloProgram, _folder.Path, health, SettingsOf(name, _settings.Expose, own))
        {
            ClusterPorts = [new IPEndPoint(ip, siloPort), new IPEndPoint(ip, gatewayPort)],
            Launcher = _settings.SiloLauncher(number),
        };
        _silos.Add(silo);
        return silo;
    }

    private void NewFrontEnd()
    {
        var number = _frontEnds.Count + 1;
        var address = new Uri($"http://{IPAddress.Loopback}:{LoopbackPorts.FindFree()}");
        var own = _settings.HasOwnSilo(number)
            ? SiloSettings(IPAddress.Loopback, LoopbackPorts.FindFree(), LoopbackPorts.FindFree())
            : new Dictionary<string, string> { ["GrainVault__Cluster__Mode"] = "client" };
        own["ASPNETCORE_URLS"] = address.ToString();
        var name = $"api-{number}";
        _frontEnds.Add(new VaultMember(name, _settings.FrontEndProgram, _folder.Path, address, SettingsOf(name, DirectAddress, own)));
    }

    private static Dictionary<string, string> SiloSettings(IPAddress ip, int siloPort, int gatewayPort) => new()
    {
        ["GrainVault__Cluster__Mode"] = "cohost",
        ["GrainVault__Cluster__AdvertisedIp"] = ip.ToString(),
        ["GrainVault__Cluster__SiloPort"] = Text(siloPort),
        ["GrainVault__Cluster__GatewayPort"] = Text(gatewayPort),
    };

    private Dictionary<string, string> CommonSettings(Func<int, IPEndPoint> expose)
    {
        var database = new NpgsqlConnectionStringBuilder(_postgres.ConnectionString);
        var postgres = expose(database.Port);
        database.Host = postgres.Address.ToString();
        database.Port = postgres.Port;
        var settings = new Dictionary<string, string>(_common)
        {
            ["GrainVault__Postgres__ConnectionString"] = database.ConnectionString,
            ["GrainVault__Objects__S3__Endpoint"] = $"http://{expose(Store.Port)}",
        };
        foreach (var (name, value) in _settings.Environment)
            settings[name] = value;
        return settings;
    }

    private Dictionary<string, string> SettingsOf(string name, Func<int, IPEndPoint> expose, Dictionary<string, string> own)
    {
        var settings = CommonSettings(expose);
        settings["GrainVault__Data__Directory"] = Directory.CreateDirectory(_folder[name]).FullName;
        foreach (var (key, value) in own)
            settings[key] = value;
        return settings;
    }

    private static IPEndPoint DirectAddress(int port) => new(IPAddress.Loopback, port);

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;
using GrainVault.Bench.Cluster;
using GrainVault.Silo.Postgres;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;
using GrainVault.TestKit.S3;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace GrainVault.Bench;

/// <summary>Both sides on the same durable PostgreSQL and the same store: the product as its users run it, and the baselines.</summary>
internal sealed class BenchSystem : IAsyncDisposable
{
    /// <summary>What senders of events present.</summary>
    public const string IngestSecret = "secret of the benchmark's store";

    private const string Bucket = "bench";

    private readonly TestFolder _folder = new();
    private readonly Dictionary<string, string> _baselineEnvironment = [];
    private EmbeddedPostgres _postgres = null!;
    private S3Server? _s3;
    private VaultProcess _vault = null!;
    private Process? _baseline;

    public VaultSession Vault { get; private set; } = null!;

    public HttpClient Baseline { get; private set; } = null!;

    public int VaultPid => _vault.Pid;

    /// <summary>The server of PostgreSQL, as its superuser.</summary>
    public string PostgresConnectionString => _postgres.ConnectionString;

    /// <summary>The S3 server; null when the store is a disk.</summary>
    public S3Server? S3 => _s3;

    public int PostgresPid => _postgres.ProcessId;

    /// <summary>The system's database, as its superuser.</summary>
    public NpgsqlDataSource Database { get; private set; } = null!;

    /// <summary>A folder that goes with the system.</summary>
    public string NewFolder(string name) => Directory.CreateDirectory(_folder[name]).FullName;

    public static async Task<BenchSystem> StartAsync(BenchOptions options)
    {
        var system = new BenchSystem();
        try
        {
            await system.StartAllAsync(options);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>CPU seconds of front end, silo and PostgreSQL so far.</summary>
    public double VaultCpuSeconds() => ProcessMeter.CpuSeconds(_vault.Pid) + ProcessMeter.CpuSeconds(_postgres.ProcessId);

    /// <summary>CPU seconds of the minimal server so far.</summary>
    public double BaselineCpuSeconds() => ProcessMeter.CpuSeconds(_baseline!.Id);

    public Task<string> RunBaselineAsync(params string[] arguments) =>
        Tool.RunAsync(Repository.Built("bench/Baselines", "grainvault-baselines"), arguments, _baselineEnvironment);

    public Task<StraightReader> OpenStraightReaderAsync(int sizeMiB) => _s3 is not null
        ? StraightReader.OnS3Async(_s3, Bucket, sizeMiB)
        : StraightReader.OnDiskAsync(Baseline, _folder["baseline"], sizeMiB);

    public async ValueTask DisposeAsync()
    {
        Vault?.Dispose();
        Baseline?.Dispose();
        if (Database is not null)
        {
            await Database.DisposeAsync();
        }

        if (_baseline is { HasExited: false })
        {
            _baseline.Kill();
            await _baseline.WaitForExitAsync();
        }

        if (_vault is not null)
        {
            await _vault.DisposeAsync();
        }

        if (_postgres is not null)
        {
            await _postgres.StopAsync();
        }

        if (_s3 is not null)
        {
            await _s3.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task StartAllAsync(BenchOptions options)
    {
        _postgres = await EmbeddedPostgres.StartAsync(
            new EmbeddedPostgresSettings { DataDirectory = _folder["postgres"] }, NullLogger.Instance, TimeProvider.System);
        // As the product's own connections: its triggers name tables without their schema.
        Database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_postgres.ConnectionString) { SearchPath = "catalogue" });
        var settings = new Dictionary<string, string>(BenchCluster.Unlimited)
        {
            ["GrainVault__Postgres__ConnectionString"] = _postgres.ConnectionString,
            ["GrainVault__Objects__Provider"] = options.Store,
            ["GrainVault__Ingest__Secret"] = IngestSecret,
        };
        _baselineEnvironment["BASELINE_POSTGRES"] = _postgres.ConnectionString;
        Directory.CreateDirectory(_folder["baseline"]);
        _baselineEnvironment["BASELINE_FOLDER"] = _folder["baseline"];
        if (options.Store == "s3")
        {
            await StartS3Async(settings);
        }

        _vault = await VaultProcess.StartAsync(settings);
        Vault = await VaultSession.SignUpAsync(_vault.Address);
        await StartBaselineAsync();
    }

    private async Task StartS3Async(Dictionary<string, string> settings)
    {
        _s3 = await S3Server.StartAsync();
        settings["GrainVault__Objects__S3__Endpoint"] = _s3.Endpoint;
        settings["GrainVault__Objects__S3__Region"] = "us-east-1";
        settings["GrainVault__Objects__S3__Bucket"] = Bucket;
        settings["GrainVault__Objects__S3__AccessKey"] = S3Server.AccessKey;
        settings["GrainVault__Objects__S3__SecretKey"] = S3Server.SecretKey;
        settings["GrainVault__Objects__S3__ForcePathStyle"] = "true";
        _baselineEnvironment["BASELINE_S3_ENDPOINT"] = _s3.Endpoint;
        _baselineEnvironment["BASELINE_S3_BUCKET"] = Bucket;
        _baselineEnvironment["BASELINE_S3_ACCESS_KEY"] = S3Server.AccessKey;
        _baselineEnvironment["BASELINE_S3_SECRET_KEY"] = S3Server.SecretKey;
        using var client = new AmazonS3Client(
            new BasicAWSCredentials(S3Server.AccessKey, S3Server.SecretKey),
            new AmazonS3Config { ServiceURL = _s3.Endpoint, ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        await client.PutBucketAsync(Bucket);
    }

    private async Task StartBaselineAsync()
    {
        await using (var create = Database.CreateCommand(
            "CREATE TABLE public.baseline_files (id uuid PRIMARY KEY, name text NOT NULL, size bigint NOT NULL, object_key text NOT NULL);"
            + "CREATE TABLE public.baseline_events (key text COLLATE \"C\" PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT now())"))
        {
            await create.ExecuteNonQueryAsync();
        }

        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var start = new ProcessStartInfo(Repository.Built("bench/Baselines", "grainvault-baselines"), "serve");
        start.Environment["ASPNETCORE_URLS"] = address.ToString();
        foreach (var (name, value) in _baselineEnvironment)
        {
            start.Environment[name] = value;
        }

        _baseline = Process.Start(start)!;
        Baseline = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 128, UseProxy = false }) { BaseAddress = address };
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    using var answer = await Baseline.GetAsync("/");
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            TimeSpan.FromSeconds(30),
            () => "the baseline server does not start");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

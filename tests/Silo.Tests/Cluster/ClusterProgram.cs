using System.Net;
using GrainVault.Silo.Postgres;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;
using GrainVault.TestKit.S3;

namespace GrainVault.Silo.Tests.Cluster;

/// <summary>One silo or front end of a cluster, as a process on its own ports.</summary>
internal sealed class ClusterProgram : IAsyncDisposable
{
    public const string Secret = "a cluster secret of these tests, long enough";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();

    private ClusterProgram(string address) => Address = new Uri(address);

    public ProgramRun Run { get; private set; } = null!;

    /// <summary>Where it answers <c>/healthz</c>.</summary>
    public Uri Address { get; }

    public int SiloPort { get; } = LoopbackPorts.FindFree();

    public int GatewayPort { get; } = LoopbackPorts.FindFree();

    public static Task<ClusterProgram> StartSiloAsync(PostgresDatabase database, params (string Key, string Value)[] settings) =>
        StartAsync("src/Silo", "GrainVault.Silo", "cohost", database, settings);

    public static Task<ClusterProgram> StartFrontEndAsync(PostgresDatabase database, params (string Key, string Value)[] settings) =>
        StartAsync("src/Api", "GrainVault.Api", "client", database, settings);

    public Task WaitUntilReadyAsync() => WaitForAsync("/healthz/ready", HttpStatusCode.OK);

    /// <summary>Waits for a status; returns the body.</summary>
    public async Task<string> WaitForAsync(string path, HttpStatusCode status, string text = "")
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = Address };
        var body = "";
        await Eventually.TrueAsync(
            async () =>
            {
                if (Run.HasExited)
                    throw new InvalidOperationException($"the process ended:\n{Run.Output}\n{Run.Errors}");
                try
                {
                    using var answer = await http.GetAsync(path);
                    body = await answer.Content.ReadAsStringAsync();
                    return answer.StatusCode == status && body.Contains(text, StringComparison.Ordinal);
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            Patience,
            () => $"{path} does not answer {status}: {body}\n{Run.Output}");
        return body;
    }

    public async ValueTask DisposeAsync()
    {
        await Run.DisposeAsync();
        _folder.Dispose();
    }

    private static async Task<ClusterProgram> StartAsync(
        string project, string program, string mode, PostgresDatabase database, (string Key, string Value)[] settings)
    {
        var started = new ClusterProgram($"http://127.0.0.1:{LoopbackPorts.FindFree()}");
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = started.Address.ToString(),
            ["GrainVault__Postgres__ConnectionString"] = database.ConnectionString,
            ["GrainVault__Objects__Provider"] = "s3",
            ["GrainVault__Objects__S3__Endpoint"] = (await S3ServerFixture.ServerAsync()).Endpoint,
            ["GrainVault__Objects__S3__Bucket"] = "silo-tests",
            ["GrainVault__Objects__S3__AccessKey"] = S3Server.AccessKey,
            ["GrainVault__Objects__S3__SecretKey"] = S3Server.SecretKey,
            ["GrainVault__Cluster__Mode"] = mode,
            ["GrainVault__Cluster__Secret"] = Secret,
            ["GrainVault__Cluster__AdvertisedIp"] = "127.0.0.1",
            ["GrainVault__Cluster__SiloPort"] = $"{started.SiloPort}",
            ["GrainVault__Cluster__GatewayPort"] = $"{started.GatewayPort}",
            ["GrainVault__Cluster__HealthUrl"] = started.Address.ToString(),
            ["GrainVault__Auth__SigningKeys__0__Kid"] = "test",
            ["GrainVault__Auth__SigningKeys__0__Secret"] = Convert.ToBase64String(new byte[32]),
        };
        foreach (var (key, value) in settings)
            environment[$"GrainVault__{key.Replace(":", "__", StringComparison.Ordinal)}"] = value;
        started.Run = ProgramRun.Start(Repository.Built(project, program), started._folder.Path, environment);
        return started;
    }
}

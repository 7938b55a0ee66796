using System.Diagnostics;
using System.Globalization;
using System.Net;
using GrainVault.Silo.Postgres;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;

namespace GrainVault.Bench.GrainCalls;

/// <summary>
/// Three silos on one member table: one in this process, which has no gateway, and two in processes of their own, of which
/// the first has the only gateway. So whoever calls from here as a client calls by another process.
/// </summary>
internal sealed class EchoCluster : IAsyncDisposable
{
    private const string ConnectionVariable = "ECHO_CLUSTER_POSTGRES";
    private const string Ready = "ready";

    private readonly PostgresDatabase _database;
    private readonly List<Process> _processes = [];
    private readonly List<IHost> _hosts = [];

    private EchoCluster(PostgresDatabase database) => _database = database;

    /// <summary>Calls by the silo of this process.</summary>
    public IGrainFactory Silo { get; private set; } = null!;

    /// <summary>Calls by the gateway.</summary>
    public IGrainFactory Client { get; private set; } = null!;

    public int GatewayProcessId => _processes[0].Id;

    public int FarProcessId => _processes[1].Id;

    public static async Task<EchoCluster> StartAsync()
    {
        var cluster = new EchoCluster(await PostgresDatabase.CreateAsync("echo", MigrateAsync));
        try
        {
            var connection = cluster._database.ForSchema("orleans");
            await cluster.StartProcessAsync(connection, LoopbackPorts.FindFree(), LoopbackPorts.FindFree());
            await cluster.StartProcessAsync(connection, LoopbackPorts.FindFree(), gatewayPort: 0);
            var silo = await cluster.StartHostAsync(BuildSilo(connection, LoopbackPorts.FindFree(), gatewayPort: 0));
            cluster.Silo = silo.Services.GetRequiredService<IGrainFactory>();
            var client = await cluster.StartHostAsync(BuildClient(connection));
            cluster.Client = client.Services.GetRequiredService<IClusterClient>();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The program of the other processes: a silo until its input ends.</summary>
    public static async Task RunSiloAsync(int siloPort, int gatewayPort)
    {
        using var host = BuildSilo(Environment.GetEnvironmentVariable(ConnectionVariable)!, siloPort, gatewayPort);
        await host.StartAsync();
        Console.WriteLine(Ready);
        await Console.In.ReadToEndAsync();
        await host.StopAsync();
    }

    /// <summary>Keys of grains that live in a process.</summary>
    public async Task<string[]> KeysInAsync(int processId, int count)
    {
        var keys = new List<string>();
        for (var number = 0; keys.Count < count; number++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"e-{number}");
            if (await Silo.GetGrain<IEchoGrain>(key).ProcessId() == processId)
                keys.Add(key);
        }

        return [.. keys];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }

        foreach (var process in _processes)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        await _database.DisposeAsync();
    }

    private async Task StartProcessAsync(string connection, int siloPort, int gatewayPort)
    {
        var start = new ProcessStartInfo(
            Repository.Built("bench/GrainCalls", "grain-calls"),
            ["silo", siloPort.ToString(CultureInfo.InvariantCulture), gatewayPort.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment[ConnectionVariable] = connection;
        var process = Process.Start(start)!;
        _processes.Add(process);
        string? line;
        while ((line = await process.StandardOutput.ReadLineAsync()) != Ready)
        {
            if (line is null)
                throw new InvalidOperationException("The other silo does not start.");
            await Console.Error.WriteLineAsync(line);
        }

        // Nobody may wait for a full pipe.
        _ = process.StandardOutput.ReadToEndAsync();
    }

    private async Task<IHost> StartHostAsync(IHost host)
    {
        _hosts.Add(host);
        await host.StartAsync();
        return host;
    }

    private static IHost BuildSilo(string connection, int siloPort, int gatewayPort)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(NameCluster);
            silo.ConfigureEndpoints(IPAddress.Loopback, siloPort, gatewayPort);
            silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = ("Npgsql", connection));
        });
        return builder.Build();
    }

    private static IHost BuildClient(string connection)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(NameCluster);
            client.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = ("Npgsql", connection));
        });
        return builder.Build();
    }

    private static void NameCluster(ClusterOptions options) => (options.ClusterId, options.ServiceId) = ("echo", "echo");

    private static async Task MigrateAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await ExecuteAsync(connection, "CREATE SCHEMA orleans; SET search_path = orleans");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "sql", "orleans"), "*.sql").Order(StringComparer.Ordinal))
            await ExecuteAsync(connection, await File.ReadAllTextAsync(file));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}

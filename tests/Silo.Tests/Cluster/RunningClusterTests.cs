using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using GrainVault.Silo.Cluster;
using GrainVault.Silo.Hosting;
using GrainVault.Silo.Startup;
using GrainVault.TestKit;

namespace GrainVault.Silo.Tests.Cluster;

/// <summary>Whom a running silo lets in, asked with real processes and real connections.</summary>
public sealed class RunningClusterTests(RunningClusterTests.Fixture fixture) : IClassFixture<RunningClusterTests.Fixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private ClusterProgram Silo => fixture.Silo;

    [Theory]
    [InlineData("Cluster:Secret", "another secret that is long enough too", "GrainVault:Cluster:Secret is '(hidden)'; allowed: the secret of the cluster whose 1 silos work on this database.")]
    [InlineData("Cluster:ClusterId", "other", "GrainVault:Cluster:ClusterId is 'other")]
    [InlineData("Cluster:ServiceId", "other", "GrainVault:Cluster:ServiceId is 'other'; allowed: 'grainvault', the service whose 1 silos work on this database.")]
    public async Task Silo_of_another_cluster_is_refused_before_it_joins(string key, string value, string line)
    {
        await using var stranger = await ClusterProgram.StartSiloAsync(fixture.Database, (key, value));

        Assert.Equal(StartRefusedException.ExitCode, await stranger.Run.WaitForExitAsync());
        Assert.StartsWith($"GrainVault can't start: {line}", stranger.Run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', stranger.Run.Errors);
        Assert.DoesNotContain("another secret", stranger.Run.Errors + stranger.Run.Output, StringComparison.Ordinal);
        await Silo.WaitUntilReadyAsync();
    }

    [Fact]
    public async Task Front_end_with_another_secret_is_refused()
    {
        await using var stranger = await ClusterProgram.StartFrontEndAsync(fixture.Database, ("Cluster:Secret", "another secret that is long enough too"));

        Assert.Equal(StartRefusedException.ExitCode, await stranger.Run.WaitForExitAsync());
        Assert.StartsWith("GrainVault can't start: GrainVault:Cluster:Secret is '(hidden)'", stranger.Run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("client")]
    [InlineData("cohost")]
    public async Task Front_end_is_ready_as_soon_as_it_reaches_the_cluster_or_has_joined_it(string mode)
    {
        await using var frontEnd = await ClusterProgram.StartFrontEndAsync(fixture.Database, ("Cluster:Mode", mode));

        await frontEnd.WaitUntilReadyAsync();
        await frontEnd.Run.SignalAsync("TERM");

        Assert.Equal(0, await frontEnd.Run.WaitForExitAsync());
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: silo\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003")] // How TLS begins.
    [InlineData("GVc1\u00ff\u00ff")]
    public async Task Garbage_on_either_port_closes_the_connection_and_nothing_else(string bytes)
    {
        foreach (var port in new[] { Silo.SiloPort, Silo.GatewayPort })
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            await client.GetStream().WriteAsync(System.Text.Encoding.Latin1.GetBytes(bytes));

            Assert.Equal(0, await ReadToEndAsync(client));
        }

        await Silo.WaitUntilReadyAsync();
    }

    [Theory]
    [InlineData(ClusterProgram.Secret, "grainvault-bundled", 0, PeerRole.Silo, HandshakeVerdict.Welcome, null)]
    [InlineData("a secret of somebody else, long enough", "grainvault-bundled", 0, PeerRole.Silo, HandshakeVerdict.WrongSecret, "it does not hold the cluster secret")]
    [InlineData(ClusterProgram.Secret, "other", 0, PeerRole.Silo, HandshakeVerdict.WrongCluster, "it belongs to cluster ")]
    [InlineData(ClusterProgram.Secret, "grainvault-bundled", 3600, PeerRole.Silo, HandshakeVerdict.WrongSecret, "its clock is 3600 s from ours, more than 60 s")]
    [InlineData(ClusterProgram.Secret, "grainvault-bundled", 0, PeerRole.Client, HandshakeVerdict.WrongPort, "front ends and silos met at a port for silos")]
    public async Task Peer_is_welcome_only_with_secret_cluster_clock_and_port(
        string secret, string clusterId, int skewSeconds, object role, object verdict, string? line)
    {
        var cluster = RuntimeInfo.Current.IsBundled ? clusterId : clusterId.Replace("-bundled", "", StringComparison.Ordinal);
        var peer = new ClusterHandshake(new ClusterSecrets(secret, []), cluster, TimeSpan.FromMinutes(1), new OffsetTime(TimeSpan.FromSeconds(skewSeconds)));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Silo.SiloPort);
        using var limit = new CancellationTokenSource(Patience);

        var outcome = await peer.ConnectAsync(new StreamPipes(client.GetStream()), (PeerRole)role, limit.Token);

        Assert.Equal((HandshakeVerdict)verdict, outcome.Verdict);
        if (line is not null)
            await Silo.Run.WaitForOutputAsync(line);
    }

    private static async Task<int> ReadToEndAsync(TcpClient client)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            return await client.GetStream().ReadAsync(new byte[100], limit.Token);
        }
        catch (IOException)
        {
            return 0; // A reset closes it as well.
        }
    }

    /// <summary>One silo that every test of the class meets.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        internal PostgresDatabase Database { get; private set; } = null!;

        internal ClusterProgram Silo { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Database = await PostgresDatabase.CreateAsync();
            Silo = await ClusterProgram.StartSiloAsync(Database);
            await Silo.WaitUntilReadyAsync();
        }

        public async Task DisposeAsync()
        {
            await Silo.DisposeAsync();
            await Database.DisposeAsync();
        }
    }

    private sealed class StreamPipes(Stream stream) : IDuplexPipe
    {
        public PipeReader Input { get; } = PipeReader.Create(stream);

        public PipeWriter Output { get; } = PipeWriter.Create(stream);
    }
}

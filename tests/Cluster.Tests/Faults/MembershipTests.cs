using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using GrainVault.Cluster.Tests.Checks;
using GrainVault.Cluster.Tests.Load;
using GrainVault.TestKit.Cluster;
using GrainVault.TestKit.Processes;
using Xunit.Abstractions;

namespace GrainVault.Cluster.Tests.Faults;

/// <summary>Silos that come, strangers at their ports, and front ends that have nobody to ask.</summary>
[Collection(OneCluster.Name)]
public sealed class MembershipTests(ClusterFixture fixture, ITestOutputHelper output)
{
    private const int NewSessionCount = 120;
    private const int BatchCount = 4;

    private static readonly TimeSpan ShareWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StrangerSentAwayWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan NotReadyWithin = TimeSpan.FromSeconds(30);

    private VaultCluster Processes => fixture.Cluster.Processes;

    [Fact]
    public Task Silo_added_under_load_takes_its_share_of_new_activations_within_30_s() => fixture.UnderLoadAsync(output, RetryRule.Patient, () => fixture.Cluster.Load.EasedAsync(async () =>
    {
        using var client = new VaultClient(Processes.FrontEndAddresses, 0, new Traffic()) { User = fixture.Cluster.Probes.User };
        var clock = Stopwatch.StartNew();
        var added = await Processes.AddSiloAsync();
        var joined = clock.Elapsed;
        var batches = await Task.WhenAll(Enumerable.Range(0, BatchCount).Select(batch =>
            Sessions.CreateAsync(client, NewSessionCount / BatchCount, Probes.PartSizeBytes, $"for {added.Name} {batch}")));
        var sessions = batches.SelectMany(batch => batch).ToList();
        var created = clock.Elapsed;

        // Where they live is seen when the silo leaves: only its own get another activation, with the next call.
        var before = await Sessions.EpochsAsync(Processes.DataSource, sessions);
        await added.StopOrderlyAsync();
        foreach (var id in sessions)
            (await client.GetAsync($"/v1/uploads/{id}")).Expect(HttpStatusCode.OK);
        var share = Sessions.CountMoved(before, await Sessions.EpochsAsync(Processes.DataSource, sessions));
        await Processes.RemoveAsync(added);

        var fair = NewSessionCount / (Processes.Silos.Count + 1);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{added.Name} was ready {joined.TotalSeconds:f1} s after its start; of {NewSessionCount} sessions made until {created.TotalSeconds:f1} s it got {share}, an even share is {fair}"));
        Assert.InRange(share, fair / 2, fair * 2);
        Assert.True(created <= ShareWithin, $"it took {created.TotalSeconds:f1} s from the start of its process");
    }));

    [Fact]
    public Task Garbage_on_silo_ports_closes_the_connection_and_nothing_else() => fixture.UnderLoadAsync(output, RetryRule.Never, async () =>
    {
        var members = await Processes.ActiveSilosAsync();
        byte[][] greetings =
        [
            [],
            [0],
            RandomNumberGenerator.GetBytes(64 << 10),
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            "GET / HTTP/1.1\r\nHost: silo\r\n\r\n"u8.ToArray(),
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(),
            [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03],
        ];
        var answers = await Task.WhenAll(
            from port in Processes.Silos.SelectMany(silo => silo.ClusterPorts)
            from greeting in greetings
            select TalkAsync(port, greeting));

        output.WriteLine($"{answers.Length} connections closed");
        Assert.All(answers, answer => Assert.Equal(0, answer));
        Assert.Equal(members, await Processes.ActiveSilosAsync());
    });

    [Fact]
    public Task Front_end_that_reaches_no_gateway_is_not_ready_and_says_so() => fixture.UnderLoadAsync(output, RetryRule.Patient, async () =>
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };
        await Task.WhenAll(Processes.Silos.Select(silo => silo.KillAsync()));
        foreach (var frontEnd in Processes.FrontEnds)
        {
            var said = "";
            await Eventually.TrueAsync(
                async () =>
                {
                    using var answer = await http.GetAsync(new Uri(frontEnd.Address, "/healthz/ready"));
                    said = await answer.Content.ReadAsStringAsync();
                    return answer.StatusCode == HttpStatusCode.ServiceUnavailable;
                },
                NotReadyWithin,
                () => $"{frontEnd.Name} is ready with no silo: {said}");
            output.WriteLine($"{frontEnd.Name}: {said}");
            Assert.Contains("gateway", said, StringComparison.OrdinalIgnoreCase);
        }

        await fixture.Cluster.Load.EasedAsync(() => Task.WhenAll(Processes.Silos.Select(silo => silo.StartAsync())));
        await Task.WhenAll(Processes.FrontEnds.Select(frontEnd => frontEnd.WaitUntilReadyAsync()));
    });

    /// <summary>Says something and listens until the other side closes; the number of bytes that it said before.</summary>
    private static async Task<int> TalkAsync(IPEndPoint port, byte[] greeting)
    {
        using var limit = new CancellationTokenSource(StrangerSentAwayWithin);
        using var socket = new Socket(port.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(port, limit.Token);
        var heard = 0;
        try
        {
            if (greeting.Length > 0)
                await socket.SendAsync(greeting, limit.Token);
            var buffer = new byte[1024];
            while (await socket.ReceiveAsync(buffer, limit.Token) is > 0 and var count)
                heard += count;
        }
        catch (SocketException)
        {
            // Reset, since it had not read all that we sent: closed as well.
        }

        return heard;
    }
}

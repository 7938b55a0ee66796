using System.Net;
using GrainVault.Runtime.Tests.Support;
using GrainVault.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Cluster;
using Orleans.Configuration;
using OptionsOf = Microsoft.Extensions.Options.Options;

namespace GrainVault.Runtime.Tests.Bundled.Cluster;

/// <summary>Members of a cluster without silos, messages or a database: what they do depends on the test's clock alone.</summary>
internal sealed class TestCluster : IDisposable
{
    private readonly Traffic _traffic = new();
    private readonly List<TestMember> _members = [];

    public TestCluster() => (Table, Network) = (new MemoryMembershipTable(_traffic), new MemoryNetwork(_traffic));

    public ManualTime Time { get; } = new();

    public MemoryMembershipTable Table { get; }

    public MemoryNetwork Network { get; }

    public ClusterMembershipOptions Options { get; } = new()
    {
        ProbeTimeout = TimeSpan.FromSeconds(1),
        IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5),
        TableRefreshTimeout = TimeSpan.FromSeconds(5),
        DefunctSiloCleanupPeriod = null,
    };

    public void Dispose()
    {
        foreach (var member in _members)
            member.Dispose();
    }

    /// <summary>A member that has done nothing yet.</summary>
    public TestMember Add(string name, int port, TimeProvider? time = null, IMembershipTable? table = null)
    {
        var member = new TestMember(this, name, port, time ?? Time, table ?? Table.For(name));
        _members.Add(member);
        return member;
    }

    /// <summary>Active members at ports of their own that see one another.</summary>
    public async Task<TestMember[]> StartAsync(int count)
    {
        var members = Enumerable.Range(1, count).Select(index => Add($"silo-{index}", 11000 + index)).ToArray();
        foreach (var member in members)
            await member.StartAsync();
        await AllSeeAsync(members, Table.Data.Version);
        // Each has answered each of its watchers once.
        foreach (var member in members)
            await member.Monitor.RunRoundAsync();
        return members;
    }

    public static Task AllSeeAsync(IEnumerable<TestMember> members, long version) =>
        Phases.Until(() => members.All(member => member.View.Current.Version >= version), $"version {version} everywhere");

    /// <summary>Moves the clock by a step that is short beside any timeout, and lets what it sets off come to its end.</summary>
    public async Task StepAsync()
    {
        Time.Advance(Options.ProbeTimeout / 4);
        await _traffic.SettleAsync();
    }

    public SiloStatus StatusOf(TestMember member) => Table.Data.Find(member.Address)?.Status ?? SiloStatus.None;

    /// <summary>A row of a silo that is not there any more.</summary>
    public SiloAddress PlantLost(int port, TimeSpan silentFor, SiloStatus status = SiloStatus.Active)
    {
        var address = SiloAddress.New(IPAddress.Loopback, port, 1);
        var at = Time.GetUtcNow().UtcDateTime - silentFor;
        Table.Plant(new MembershipRow(address, $"lost-{port}", "host", status, 0, [], at, at));
        return address;
    }
}

/// <summary>One member.</summary>
internal sealed class TestMember : IDisposable
{
    private readonly TestCluster _cluster;
    private readonly LocalSiloDetails _local;

    public TestMember(TestCluster cluster, string name, int port, TimeProvider time, IMembershipTable table)
    {
        _cluster = cluster;
        Name = name;
        var options = OptionsOf.Create(cluster.Options);
        _local = new LocalSiloDetails(
            OptionsOf.Create(new SiloOptions { SiloName = name }),
            OptionsOf.Create(new ClusterOptions { ClusterId = "test", ServiceId = "test" }),
            OptionsOf.Create(new EndpointOptions { AdvertisedIPAddress = IPAddress.Loopback, SiloPort = port, GatewayPort = 0 }));
        var control = cluster.Network.For(() => _local.SiloAddress);
        View = new MembershipView(table, options, time, NullLogger<MembershipView>.Instance);
        Signs = new SignsOfLife(options, time);
        Writer = new MembershipWriter(View, table, control, _local, options, time);
        Votes = new DeathVotes(Writer, Signs, _local, options, time, NullLogger<DeathVotes>.Instance);
        Monitor = new SiloMonitor(View, Signs, Votes, control, _local, options, time, NullLogger<SiloMonitor>.Instance);
        Guard = new PauseGuard(View, options, time, NullLogger<PauseGuard>.Instance);
        var joinCheck = new JoinCheck(View, Signs, control, _local, options, time, NullLogger<JoinCheck>.Instance);
        Agent = new MembershipAgent(
            View, table, Writer, joinCheck, Monitor, Signs, Guard, control, _local, options, time, NullLogger<MembershipAgent>.Instance);
        Agent.Died += () => DiedCount++;
    }

    public string Name { get; }

    public SiloAddress Address => _local.SiloAddress;

    public MembershipView View { get; }

    public SignsOfLife Signs { get; }

    public MembershipWriter Writer { get; }

    public DeathVotes Votes { get; }

    public SiloMonitor Monitor { get; }

    public PauseGuard Guard { get; }

    public MembershipAgent Agent { get; }

    public int DiedCount { get; private set; }

    public void Dispose()
    {
        Monitor.Dispose();
        Guard.Dispose();
        Agent.Dispose();
    }

    public async Task StartAsync()
    {
        await JoinAsync();
        await Agent.ActivateAsync(CancellationToken.None);
    }

    public async Task JoinAsync()
    {
        await Agent.PrepareAsync(CancellationToken.None);
        _cluster.Network.Listen(Address, Agent);
        await Agent.JoinAsync(CancellationToken.None);
    }

    /// <summary>As kill -9: no connections, no signs of life, no votes.</summary>
    public void Kill()
    {
        _cluster.Network.Kill(Address);
        _cluster.Table.CutOff(Name);
        Dispose();
    }

    public async Task RunRoundsAsync(int count)
    {
        for (var round = 0; round < count; round++)
            await Monitor.RunRoundAsync();
    }
}

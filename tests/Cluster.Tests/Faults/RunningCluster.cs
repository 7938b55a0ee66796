using System.Diagnostics;
using System.Globalization;
using GrainVault.Cluster.Tests.Checks;
using GrainVault.Cluster.Tests.Load;
using GrainVault.TestKit.Cluster;
using GrainVault.TestKit.Processes;
using Xunit.Abstractions;

namespace GrainVault.Cluster.Tests.Faults;

/// <summary>A cluster with its load and its checks, through as many faults as a class of tests has for it.</summary>
internal sealed class RunningCluster : IAsyncDisposable
{
    /// <summary>Acknowledgements before a fault and after it, so that it comes in the middle of work and work is seen to go on.</summary>
    private const int WorkAroundFault = 150;

    private const int TroubleLineCount = 12;
    private const int TroubleLineLength = 400;

    private static readonly string[] TroubleMarks = ["\"Warning\"", "\"Error\"", "\"Critical\"", "warn:", "fail:", "crit:", "can't start", "Unhandled"];
    private static readonly TimeSpan DeadEndWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan WorkLimit = TimeSpan.FromMinutes(3);

    private RunningCluster(VaultCluster processes, LoadGenerator load, Probes probes)
    {
        Processes = processes;
        Load = load;
        Probes = probes;
        Verdict = new Verdict(load, probes, processes.FrontEndAddresses, processes.DataSource, () => processes.RunCliAsync("fsck"));
    }

    public VaultCluster Processes { get; }

    public LoadGenerator Load { get; }

    public Probes Probes { get; }

    public Verdict Verdict { get; }

    /// <summary>A fault did harm: what comes after it would prove nothing here.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>
    /// What every cluster under test has: short delays of the janitor, so that faults meet it at work, and no limit to what one
    /// address may ask for, since all clients share one.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["GrainVault__Janitor__Period"] = "00:00:05",
        ["GrainVault__Janitor__GarbageDelay"] = "00:00:02",
        ["GrainVault__Limits__RequestsPerSecondPerAddress"] = "1000000",
        ["GrainVault__Limits__RequestsPerSecondPerUser"] = "1000000",
    };

    public static async Task<RunningCluster> StartAsync(VaultClusterSettings settings)
    {
        var processes = await VaultCluster.StartAsync(settings);
        try
        {
            return new RunningCluster(
                processes, await LoadGenerator.CreateAsync(processes.FrontEndAddresses), await Probes.CreateAsync(processes.FrontEndAddresses));
        }
        catch
        {
            await processes.DisposeAsync();
            throw;
        }
    }

    /// <summary>Brings everything up, starts the load, does <paramref name="fault"/> in the middle of it, and checks every promise.</summary>
    public async Task UnderLoadAsync(ITestOutputHelper output, RetryRule rule, Func<Task> fault)
    {
        output.WriteLine($"seed {Load.Seed}");
        var clock = Stopwatch.StartNew();
        try
        {
            await StartAllAsync();
            await RenewLoginsAsync();
            Load.Traffic.Take();
            Load.Start(rule);
            await Load.ReachAsync(WorkAroundFault, WorkLimit);
            var begun = clock.Elapsed;
            clock.Restart();
            await fault();
            var fast = Load.Traffic.Acknowledged;
            await Load.ReachAsync(WorkAroundFault, WorkLimit);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"load after {begun.TotalSeconds:f1} s, fault and recovery: {clock.Elapsed.TotalSeconds:f1} s, {fast} acknowledgements so far"));
            await Load.StopAsync();
            output.WriteLine(Load.Traffic.Take());
            await Processes.WaitUntilActiveAsync();
            output.WriteLine(await Verdict.CheckAsync());
        }
        catch
        {
            IsBroken = true;
            await ExplainAsync(output);
            throw;
        }
    }

    /// <summary>Starts what does not run, and waits until the members' table has it.</summary>
    public async Task StartAllAsync()
    {
        await Task.WhenAll(Processes.Members.Where(member => !member.IsRunning).Select(member => member.StartAsync()));
        await Processes.WaitUntilActiveAsync();
    }

    public ServiceMonitor Watch(params IEnumerable<VaultMember> frontEnds) => new(Probes, frontEnds.Select(frontEnd => frontEnd.Address).ToList());

    /// <summary>
    /// Silos that the others voted dead have to see that and end, for their supervisor to start them anew: here that is this
    /// method.
    /// </summary>
    public async Task ReplaceDeadAsync(ITestOutputHelper output)
    {
        var left = Processes.Silos.Count - (await Processes.ActiveSilosAsync()).Count;
        output.WriteLine(left == 0 ? "every silo is still a member" : $"{left} silos were declared dead");
        await Eventually.TrueAsync(
            async () => Processes.Silos.Count(silo => silo.IsRunning) <= (await Processes.ActiveSilosAsync()).Count,
            DeadEndWithin,
            () => "a silo that was declared dead goes on");
        foreach (var silo in Processes.Silos.Where(silo => !silo.IsRunning))
        {
            output.WriteLine($"{silo.Name} ended with {silo.ExitCode}");
            Assert.NotEqual(0, silo.ExitCode);
            await Load.EasedAsync(silo.StartAsync);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Load.DisposeAsync();
        await Processes.DisposeAsync();
    }

    /// <summary>What a member complained of last.</summary>
    private static string Trouble(VaultMember member) => string.Join('\n', member.Log.Split('\n')
        .Where(line => TroubleMarks.Any(mark => line.Contains(mark, StringComparison.Ordinal)) && !line.Contains("GrainVault.Access", StringComparison.Ordinal))
        .TakeLast(TroubleLineCount)
        .Select(line => line.Length > TroubleLineLength ? line[..TroubleLineLength] : line));

    private async Task RenewLoginsAsync()
    {
        using var anyone = new VaultClient(Processes.FrontEndAddresses, 0, new Traffic());
        await Task.WhenAll(Load.Clients.Select(client => client.User).Append(Probes.User).Distinct().Select(user => user.RenewAsync(anyone)));
    }

    private async Task ExplainAsync(ITestOutputHelper output)
    {
        output.WriteLine(Load.Traffic.Take());
        await Load.EndAsync();
        foreach (var member in Processes.Members)
            output.WriteLine($"--- {member.Name}, {(member.IsRunning ? "running" : $"ended with {member.ExitCode}")}\n{Trouble(member)}");
        if (Environment.GetEnvironmentVariable("GRAINVAULT_TEST_LOGS") is { Length: > 0 } folder)
            Processes.SaveLogs(folder);
    }
}

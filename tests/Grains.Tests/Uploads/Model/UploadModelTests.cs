using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using Xunit.Abstractions;

namespace GrainVault.Grains.Tests.Uploads.Model;

/// <summary>
/// Random sequences of what clients, the store and time do to upload sessions, against a model of what their clients know. Every run
/// has the same ones, so that who sees one fail knows that it was his change; a soak has new ones. The seed is printed;
/// <c>GRAINVAULT_SEED</c> gives another, or one sequence by the three numbers that a failure shows (<c>seed,gamma,size</c>).
/// </summary>
public sealed class UploadModelTests(ModelHost host, ITestOutputHelper output) : IClassFixture<ModelHost>
{
    private const int SequencesInEveryRun = 200;
    private const int SequencesInSoak = 5_000;
    private const int SeedOfEveryRun = 20_261_121;

    /// <summary>What so many sequences come to, or they are not what they were made for.</summary>
    private static readonly string[] Reached =
    [
        "Open -> Aborted",
        "Open -> Assembled",
        "Open -> Completed",
        "Open -> Completed by itself",
        "Open -> Completing",
        "Open -> Expired",
        "Completing -> Completed",
        "completion refused: ChecksumMismatch",
        "completion refused: InvalidPart",
        "completion refused: MissingParts",
        "completion refused: NameTaken",
        "completion refused: Unavailable",
        "stopped silo",
    ];

    /// <summary>Systems that sequences run on at once: one alone waits more than it computes.</summary>
    private const int HostsInEveryRun = 2;
    private const int HostsInSoak = 4;

    private int _count;

    [Fact]
    public async Task Whatever_clients_store_and_time_do_no_acknowledged_byte_is_lost_and_nothing_leaks()
    {
        var isSoak = Environment.GetEnvironmentVariable("GRAINVAULT_SOAK") == "1";
        var given = Environment.GetEnvironmentVariable("GRAINVAULT_SEED");
        var numbers = string.IsNullOrEmpty(given)
            ? [isSoak ? (ulong)Random.Shared.Next() : SeedOfEveryRun]
            : given.Split(',').Select(number => ulong.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        var start = TimeProvider.System.GetTimestamp();
        if (numbers.Length > 1)
            await CheckAsync(host, numbers, 1);
        else if (isSoak)
            await CheckOnSeveralAsync(HostsInSoak, numbers[0], SequencesInSoak);
        else
            await CheckOnSeveralAsync(HostsInEveryRun, numbers[0], SequencesInEveryRun);

        output.WriteLine($"{_count} sequences in {TimeProvider.System.GetElapsedTime(start)}: {string.Join(", ", host.Tally.Select(one => $"{one.Key} {one.Value}"))}");
        if (_count >= SequencesInEveryRun)
            Assert.All(Reached, what => Assert.Contains(what, host.Tally.Keys));
    }

    /// <summary>Seeds that follow each other, each on a system of its own; all of them count in the tally of the first.</summary>
    private async Task CheckOnSeveralAsync(int hostCount, ulong seed, int sequenceCount)
    {
        var hosts = new List<ModelHost> { host };
        try
        {
            while (hosts.Count < hostCount)
            {
                hosts.Add(new ModelHost());
                await hosts[^1].InitializeAsync();
            }

            // All failures are told, not the first alone.
            var runs = Task.WhenAll(hosts.Select((one, index) => CheckAsync(one, [seed + (ulong)index], sequenceCount / hostCount)));
            await ((Task)runs).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            output.WriteLine($"{_count} sequences");
            foreach (var (what, times) in hosts.Skip(1).SelectMany(one => one.Tally))
                host.Tally[what] = host.Tally.GetValueOrDefault(what) + times;
            Assert.True(runs.IsCompletedSuccessfully, string.Join("\n\n", runs.Exception?.InnerExceptions.Select(failure => failure.ToString()) ?? []));
        }
        finally
        {
            foreach (var one in hosts.Skip(1))
                await one.DisposeAsync();
        }
    }

    private Task CheckAsync(ModelHost on, ulong[] numbers, int count)
    {
        output.WriteLine($"seed {string.Join(',', numbers)}");
        var config = Config.QuickThrowOnFailure
            .WithMaxTest(count)
            .WithQuietOnSuccess(true)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(
                numbers.Length > 1 ? new Rnd(numbers[0], numbers[1]) : new Rnd(numbers[0]),
                numbers.Length > 2 ? FSharpOption<int>.Some((int)numbers[2]) : FSharpOption<int>.None)));

        // It blocks its thread for as long as it runs.
        return Task.Factory.StartNew(
            () => Check.One(config, Prop.ForAll(ModelSteps.Sequences, sequence => Holds(on, sequence))),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    private bool Holds(ModelHost on, Sequence sequence)
    {
        Interlocked.Increment(ref _count);
        Task.Run(() => ModelRun.RunAsync(on, sequence)).GetAwaiter().GetResult();
        return true;
    }
}

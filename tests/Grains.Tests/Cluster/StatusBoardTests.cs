using GrainVault.Cluster;

namespace GrainVault.Grains.Tests.Cluster;

public sealed class StatusBoardTests
{
    private const int BucketCount = 16;

    private readonly Clock _clock = new();
    private readonly StatusBoard _board;

    public StatusBoardTests() => _board = new StatusBoard(_clock);

    [Fact]
    public void Three_processes_add_up()
    {
        _board.Report(Report("a", ProcessRole.Silo) with { Activations = [new("FileGrain", 3), new("UserGrain", 1)], ReminderCount = 5 });
        _board.Report(Report("b", ProcessRole.Silo) with { Activations = [new("FileGrain", 4)], ReminderCount = 11 });
        _board.Report(Report("c", ProcessRole.FrontEnd) with { BytesInFlight = 70, Activations = [] });

        var status = Read();

        Assert.Equal((2, 1, 8L, 16L, 70L), (status.SiloCount, status.FrontEndCount, status.ActivationCount, status.ReminderCount, status.BytesInFlight));
        Assert.Equal([new("FileGrain", 7), new ActivationCount("UserGrain", 1)], status.Activations);
        Assert.Equal(["a", "b", "c"], status.Processes.Select(process => process.Name));
        Assert.Equal([4L, 4L, 0L], status.Processes.Select(process => process.ActivationCount));
        Assert.All(status.Processes, process => Assert.Equal(ProcessState.Running, process.State));
    }

    [Fact]
    public void Process_with_front_end_and_silo_counts_as_both()
    {
        _board.Report(Report("a", ProcessRole.FrontEndWithSilo));

        var status = Read();

        Assert.Equal((1, 1), (status.SiloCount, status.FrontEndCount));
    }

    [Fact]
    public void Percentiles_are_those_of_all_calls_and_not_of_the_processes()
    {
        // 98 calls of at most 0.5 ms in one silo, and one of 10 s in each of two others, each over its own window.
        _board.Report(Report("a") with { WindowSeconds = 10, Methods = [Calls("Get", (0, 98))] });
        _board.Report(Report("b") with { WindowSeconds = 10, Methods = [Calls("Get", (13, 1)) with { ErrorCount = 1 }] });
        _board.Report(Report("c") with { WindowSeconds = 5, Methods = [Calls("Get", (13, 1)), Calls("Put", (2, 10))] });

        var status = Read();

        Assert.Equal(["Get", "Put"], status.Methods.Select(method => method.Method));
        var get = status.Methods[0];
        Assert.Equal(9.8 + 0.1 + 0.2, get.CallsPerSecond, 9);
        Assert.Equal(0.1, get.ErrorsPerSecond, 9);
        Assert.InRange(get.P50Seconds, 0.0002, 0.0003);
        Assert.InRange(get.P99Seconds, 5, 10);
        Assert.Equal(12.1, status.CallsPerSecond, 9);
        Assert.Equal(9.8, status.Processes.Single(process => process.Name == "a").CallsPerSecond, 9);
    }

    [Fact]
    public void Process_that_falls_silent_is_gone_and_no_longer_counted_and_forgotten_later()
    {
        _board.Report(Report("a") with { Activations = [new("FileGrain", 3)] });
        _clock.Advance(ReportTimes.AgeMax);
        _board.Report(Report("b") with { Activations = [new("FileGrain", 4)] });
        Assert.Equal(7, Read().ActivationCount);

        _clock.Advance(TimeSpan.FromSeconds(1));

        var status = Read();
        Assert.Equal((4L, 1), (status.ActivationCount, status.SiloCount));
        Assert.Equal(
            [("b", ProcessState.Running, 1.0), ("a", ProcessState.Gone, 11.0)],
            status.Processes.Select(process => (process.Name, process.State, process.AgeSeconds)));

        _clock.Advance(StatusBoard.GoneAgeMax);
        Assert.Empty(Read().Processes);
    }

    [Fact]
    public void Process_that_said_goodbye_is_stopped_and_not_gone()
    {
        _board.Report(Report("a"));
        _board.Report(Report("a") with { IsStopping = true });
        Assert.Equal(ProcessState.Stopping, Assert.Single(Read().Processes).State);

        _clock.Advance(ReportTimes.AgeMax + TimeSpan.FromSeconds(1));

        Assert.Equal(ProcessState.Stopped, Assert.Single(Read().Processes).State);
        Assert.Equal(0, Read().SiloCount);
    }

    [Fact]
    public void Number_of_processes_is_bounded_and_the_most_silent_one_goes_first()
    {
        for (var index = 0; index <= StatusBoard.ProcessCountMax; index++)
        {
            _board.Report(Report($"p{index}"));
            _clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        var names = Read().Processes.Select(process => process.Name).ToHashSet();

        Assert.Equal(StatusBoard.ProcessCountMax, names.Count);
        Assert.DoesNotContain("p0", names);
    }

    [Fact]
    public void Calls_in_buckets_of_another_release_are_left_out()
    {
        _board.Report(Report("a") with { Methods = [new MethodCalls("IFileGrain", "Get", [1, 2, 3], 0)] });

        Assert.Empty(Read().Methods);
    }

    [Theory]
    [InlineData(0, 0, 0.5, 0)]
    [InlineData(4, 0, 0.5, 0.00025)]
    [InlineData(4, 0, 1, 0.0005)]
    [InlineData(0, 4, 0.5, 0.00075)]
    [InlineData(1, 3, 0.25, 0.0005)]
    public void Percentile_is_interpolated_within_its_bucket(long inFirst, long inSecond, double share, double expectedSeconds)
    {
        var counts = new long[BucketCount];
        (counts[0], counts[1]) = (inFirst, inSecond);

        Assert.Equal(expectedSeconds, CallLatency.Percentile(counts, share), 9);
    }

    [Fact]
    public void Percentile_beyond_all_bounds_is_the_highest_bound()
    {
        var counts = new long[BucketCount];
        counts[^1] = 1;

        Assert.Equal(CallLatency.BoundsSeconds[^1], CallLatency.Percentile(counts, 0.99));
    }

    private static ProcessReport Report(string name, ProcessRole role = ProcessRole.Silo) =>
        new(name, name, role, false, "1.0.0", "bundled", 100, 0.5, 1 << 20, 0, 0, 0, 10, [], []);

    private static MethodCalls Calls(string method, params (int Bucket, long Count)[] buckets)
    {
        var counts = new long[BucketCount];
        foreach (var (bucket, count) in buckets)
            counts[bucket] = count;
        return new MethodCalls("IFileGrain", method, counts, 0);
    }

    private ClusterStatus Read() => _board.Read([]);

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan time) => _ticks += time.Ticks;
    }
}

namespace GrainVault.Cluster;

/// <summary>
/// The last report of each process, and what they add up to. Counts are added per bucket before percentiles are taken, since
/// percentiles of several processes have no sum. Used on one scheduler only.
/// </summary>
internal sealed class StatusBoard(TimeProvider time)
{
    /// <summary>Most processes; beyond it the one that was silent for longest is forgotten.</summary>
    public const int ProcessCountMax = 2_000;

    /// <summary>Most methods in an answer.</summary>
    public const int MethodCountMax = 500;

    /// <summary>How long a process that is gone is shown.</summary>
    public static readonly TimeSpan GoneAgeMax = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Takes a report in.</summary>
    public void Report(ProcessReport report)
    {
        _entries[report.RunId] = new Entry(report, time.GetTimestamp());
        if (_entries.Count > ProcessCountMax)
            _entries.Remove(_entries.MinBy(entry => entry.Value.At).Key);
    }

    /// <summary>Where everything stands.</summary>
    public ClusterStatus Read(List<MemberStatus> members)
    {
        foreach (var (id, entry) in _entries)
        {
            if (time.GetElapsedTime(entry.At) > GoneAgeMax)
                _entries.Remove(id);
        }

        var processes = _entries.Values.Select(Status).OrderBy(process => process.State).ThenBy(process => process.Name, StringComparer.Ordinal).ToList();
        var live = _entries.Values.Where(entry => StateOf(entry) is ProcessState.Running or ProcessState.Stopping).Select(entry => entry.Report).ToList();
        var activations = live.SelectMany(report => report.Activations)
            .GroupBy(activation => activation.GrainType, StringComparer.Ordinal)
            .Select(type => new ActivationCount(type.Key, type.Sum(activation => activation.Count)))
            .OrderByDescending(type => type.Count).ThenBy(type => type.GrainType, StringComparer.Ordinal)
            .ToList();
        var methods = Methods(live);
        return new ClusterStatus(
            processes,
            members,
            activations,
            methods.Take(MethodCountMax).ToList(),
            live.Count(report => report.Role != ProcessRole.FrontEnd),
            live.Count(report => report.Role != ProcessRole.Silo),
            activations.Sum(type => type.Count),
            live.Sum(report => report.ReminderCount),
            live.Sum(report => report.BytesInFlight),
            methods.Sum(method => method.CallsPerSecond),
            methods.Sum(method => method.ErrorsPerSecond));
    }

    private static List<MethodStatus> Methods(List<ProcessReport> live) =>
    [
        .. live.Where(report => report.WindowSeconds > 0)
            .SelectMany(report => report.Methods.Where(IsReadable), (report, method) => (report.WindowSeconds, Calls: method))
            .GroupBy(pair => (pair.Calls.Grain, pair.Calls.Method))
            .Select(group =>
            {
                var counts = new long[CallLatency.BoundsSeconds.Count + 1];
                foreach (var (_, calls) in group)
                {
                    for (var index = 0; index < counts.Length; index++)
                        counts[index] += calls.LatencyCounts[index];
                }

                return new MethodStatus(
                    group.Key.Grain,
                    group.Key.Method,
                    group.Sum(pair => pair.Calls.LatencyCounts.Sum() / pair.WindowSeconds),
                    group.Sum(pair => pair.Calls.ErrorCount / pair.WindowSeconds),
                    CallLatency.Percentile(counts, 0.5),
                    CallLatency.Percentile(counts, 0.99));
            })
            .OrderByDescending(method => method.CallsPerSecond)
            .ThenBy(method => method.Grain, StringComparer.Ordinal)
            .ThenBy(method => method.Method, StringComparer.Ordinal),
    ];

    /// <summary>A release with other buckets counts differently.</summary>
    private static bool IsReadable(MethodCalls calls) => calls.LatencyCounts.Length == CallLatency.BoundsSeconds.Count + 1;

    private ProcessState StateOf(Entry entry)
    {
        var isSilent = time.GetElapsedTime(entry.At) > ReportTimes.AgeMax;
        return entry.Report.IsStopping
            ? isSilent ? ProcessState.Stopped : ProcessState.Stopping
            : isSilent ? ProcessState.Gone : ProcessState.Running;
    }

    private ProcessStatus Status(Entry entry)
    {
        var report = entry.Report;
        return new ProcessStatus(
            report.Name,
            report.Role,
            StateOf(entry),
            time.GetElapsedTime(entry.At).TotalSeconds,
            report.Version,
            report.Runtime,
            report.UptimeSeconds,
            report.ProcessorsUsed,
            report.MemoryBytes,
            report.BytesInFlight,
            report.WaitingUploadCount,
            report.ReminderCount,
            report.Activations.Sum(activation => activation.Count),
            report.WindowSeconds > 0 ? report.Methods.Sum(method => method.LatencyCounts.Sum()) / report.WindowSeconds : 0);
    }

    private readonly record struct Entry(ProcessReport Report, long At);
}

using System.Diagnostics;

namespace GrainVault.Bench.Cluster;

/// <summary>
/// Files whose grains are spread over all silos, each asked for over and over by a client of its own that tries again where it
/// gets no answer. The longest that any of them waits is what a user notices of a silo's end.
/// </summary>
internal sealed class ProbeFiles : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    private readonly VaultSession _session;
    private readonly Probe[] _probes;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _asking;

    private ProbeFiles(VaultSession session, string[] files)
    {
        _session = session;
        _probes = [.. files.Select(file => new Probe(file))];
        _asking = Task.WhenAll(_probes.Select(AskAsync));
    }

    public static async Task<ProbeFiles> StartAsync(VaultSession session, int count)
    {
        var files = new List<string>();
        for (var number = 0; number < count; number++)
            files.Add(await session.UploadSmallAsync([1, 2, 3]));
        var probes = new ProbeFiles(session, [.. files]);
        await probes.WaitUntilAllAnswerAsync(Stopwatch.GetTimestamp());
        return probes;
    }

    /// <summary>Lets something happen, and waits until every probe has been answered by a request that began after it.</summary>
    /// <returns>The longest wait of a probe, and how many failed requests there were, from just before on.</returns>
    public async Task<(TimeSpan WaitMax, int FailureCount)> DuringAsync(Func<Task> happening)
    {
        foreach (var probe in _probes)
            probe.Reset();
        await happening();
        await WaitUntilAllAnswerAsync(Stopwatch.GetTimestamp());
        return (_probes.Max(probe => probe.WaitMax), _probes.Sum(probe => probe.FailureCount));
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _asking;
        _closing.Dispose();
    }

    private async Task WaitUntilAllAnswerAsync(long moment)
    {
        while (!Array.TrueForAll(_probes, probe => probe.AnsweredTo > moment))
        {
            if (Stopwatch.GetElapsedTime(moment) > TimeSpan.FromMinutes(2))
                throw new TimeoutException("Some files don't answer within 2 min.");
            await Task.Delay(RetryPause);
        }
    }

    private async Task AskAsync(Probe probe)
    {
        try
        {
            while (!_closing.IsCancellationRequested)
            {
                var since = Stopwatch.GetTimestamp();
                while (!await IsAnsweredAsync(probe))
                    await Task.Delay(RetryPause, _closing.Token);
                probe.OnAnswered(since);
                await Task.Delay(Pause, _closing.Token);
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // It was the last one.
        }
    }

    private async Task<bool> IsAnsweredAsync(Probe probe)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        limit.CancelAfter(AnswerWithin);
        probe.AskedAt = Stopwatch.GetTimestamp();
        try
        {
            using var answer = await _session.Http.GetAsync($"/v1/files/{probe.File}", limit.Token);
            if (answer.IsSuccessStatusCode)
                return true;
        }
        catch (Exception exception) when (!_closing.IsCancellationRequested && exception is HttpRequestException or OperationCanceledException)
        {
            // The same as an answer that is none.
        }

        probe.OnFailed();
        return false;
    }

    private sealed class Probe(string file)
    {
        private readonly Lock _gate = new();
        private TimeSpan _waitMax;
        private int _failureCount;
        private long _answeredTo;

        public string File => file;

        /// <summary>When the last request began. Only the one who asks uses it.</summary>
        public long AskedAt { private get; set; }

        /// <summary>When the last request began that was answered.</summary>
        public long AnsweredTo
        {
            get
            {
                lock (_gate)
                    return _answeredTo;
            }
        }

        public TimeSpan WaitMax
        {
            get
            {
                lock (_gate)
                    return _waitMax;
            }
        }

        public int FailureCount
        {
            get
            {
                lock (_gate)
                    return _failureCount;
            }
        }

        public void Reset()
        {
            lock (_gate)
                (_waitMax, _failureCount) = (TimeSpan.Zero, 0);
        }

        public void OnFailed()
        {
            lock (_gate)
                _failureCount++;
        }

        public void OnAnswered(long since)
        {
            lock (_gate)
            {
                _answeredTo = AskedAt;
                var waited = Stopwatch.GetElapsedTime(since);
                _waitMax = waited > _waitMax ? waited : _waitMax;
            }
        }
    }
}

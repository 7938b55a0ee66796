using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace GrainVault.Cluster.Tests.Checks;

/// <summary>Asks every probe again and again, each through one front end, and knows since when each is answered.</summary>
internal sealed class ServiceMonitor : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LatenessPeriod = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Watch> _watches;
    private readonly List<HttpClient> _clients;
    private readonly Task _running;

    /// <param name="probes">What to ask for.</param>
    /// <param name="frontEnds">The front ends that stay; the probes take turns.</param>
    public ServiceMonitor(Probes probes, IReadOnlyList<Uri> frontEnds)
    {
        _clients = frontEnds.Select(address => new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = address,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", probes.User.AccessToken) },
        }).ToList();
        _watches = probes.Paths.Select((path, index) => new Watch(path, _clients[index % _clients.Count])).ToList();
        _running = Task.WhenAll(
            _watches.Select((watch, index) => watch.RunAsync(Period * index / _watches.Count, _stop.Token)).Append(WatchLatenessAsync()));
    }

    /// <summary>Waits until every grain has answered a request that was sent after a moment.</summary>
    /// <param name="since">The moment, from <see cref="Stopwatch.GetTimestamp"/>.</param>
    /// <param name="limit">Longest wait, counted from that moment.</param>
    public async Task<ServiceReport> UntilServedAsync(long since, TimeSpan limit)
    {
        while (_watches.Any(watch => watch.LastSuccessSent < since) && Stopwatch.GetElapsedTime(since) < limit + AnswerWithin)
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        var served = _watches.Where(watch => watch.LastSuccessSent >= since).ToList();
        return new ServiceReport(
            _watches.Count,
            [.. _watches.Except(served).Select(watch => $"{watch.Path}: {watch.LastTrouble}")],
            served.Count(watch => watch.FailedSince(since)),
            served.Count == 0 ? TimeSpan.Zero : served.Max(watch => watch.ServedAgainAfter(since)),
            LatenessMax);
    }

    /// <summary>
    /// The longest time by which this process itself came late, since the machine stood still or was too busy to run it: what
    /// it measured may be too long by as much.
    /// </summary>
    public TimeSpan LatenessMax { get; private set; }

    /// <summary>The longest time that any probe went without an answer, from the first request that failed to the first that did not.</summary>
    public TimeSpan LongestOutage => _watches.Max(watch => watch.LongestOutage);

    /// <summary>Counts from now on only; an outage that lasts counts with all its time.</summary>
    public void ForgetOutages() => _watches.ForEach(watch => watch.ForgetOutages());

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _clients.ForEach(client => client.Dispose());
        _stop.Dispose();
    }

    private async Task WatchLatenessAsync()
    {
        try
        {
            while (true)
            {
                var begun = Stopwatch.GetTimestamp();
                await Task.Delay(LatenessPeriod, _stop.Token);
                if (Stopwatch.GetElapsedTime(begun) - LatenessPeriod is var lateness && lateness > LatenessMax)
                    LatenessMax = lateness;
            }
        }
        catch (OperationCanceledException)
        {
            // The monitor ends.
        }
    }

    private sealed class Watch(string path, HttpClient http)
    {
        private readonly Lock _gate = new();
        private readonly List<(long Sent, long Answered, bool IsSuccess)> _history = [];
        private long _outageSince;

        public string Path => path;

        public string LastTrouble { get; private set; } = "none";

        public TimeSpan LongestOutage { get; private set; }

        public long LastSuccessSent { get; private set; } = long.MinValue;

        public async Task RunAsync(TimeSpan first, CancellationToken stop)
        {
            try
            {
                // Spread over the period: the probes are no load test.
                await Task.Delay(first, stop);
                while (true)
                {
                    var sent = Stopwatch.GetTimestamp();
                    Record(sent, await AskAsync(stop));
                    await Task.Delay(Period, stop);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // The monitor ends.
            }
        }

        public bool FailedSince(long since)
        {
            lock (_gate)
                return _history.Any(entry => !entry.IsSuccess && entry.Answered >= since);
        }

        public TimeSpan ServedAgainAfter(long since)
        {
            lock (_gate)
                return Stopwatch.GetElapsedTime(since, _history.First(entry => entry.IsSuccess && entry.Sent >= since).Answered);
        }

        public void ForgetOutages() => LongestOutage = TimeSpan.Zero;

        private void Record(long sent, bool isSuccess)
        {
            var now = Stopwatch.GetTimestamp();
            lock (_gate)
                _history.Add((sent, now, isSuccess));
            if (!isSuccess)
            {
                _outageSince = _outageSince == 0 ? sent : _outageSince;
                return;
            }

            if (_outageSince != 0 && Stopwatch.GetElapsedTime(_outageSince, now) is var outage && outage > LongestOutage)
                LongestOutage = outage;
            _outageSince = 0;
            LastSuccessSent = sent;
        }

        private async Task<bool> AskAsync(CancellationToken stop)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(AnswerWithin);
            try
            {
                using var answer = await http.GetAsync(path, limit.Token);
                LastTrouble = ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
                return answer.StatusCode == HttpStatusCode.OK;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException && !stop.IsCancellationRequested)
            {
                LastTrouble = exception.Message;
                return false;
            }
        }
    }
}

/// <summary>When every probe was answered after a fault.</summary>
/// <param name="Count">Probes.</param>
/// <param name="Unserved">Those without an answer.</param>
/// <param name="InterruptedCount">Those that failed at least once after the fault.</param>
/// <param name="Longest">Time until the last of the others was answered.</param>
/// <param name="LatenessMax">How much of it may be this process's own; see <see cref="ServiceMonitor.LatenessMax"/>.</param>
internal sealed record ServiceReport(int Count, IReadOnlyList<string> Unserved, int InterruptedCount, TimeSpan Longest, TimeSpan LatenessMax)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Count - Unserved.Count} of {Count} probes answered, the last after {Longest.TotalSeconds:f1} s, {InterruptedCount} were interrupted; the measuring process was late by {LatenessMax.TotalSeconds:f2} s at most");

    public void AssertWithin(TimeSpan limit)
    {
        Assert.True(Unserved.Count == 0, $"no service for: {string.Join(", ", Unserved)}");
        Assert.True(
            Longest <= limit + LatenessMax,
            $"service after {Longest.TotalSeconds:f2} s, allowed are {limit.TotalSeconds} s and the {LatenessMax.TotalSeconds:f2} s that the machine stood still");
    }
}

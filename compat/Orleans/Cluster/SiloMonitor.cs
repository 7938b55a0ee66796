using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>
/// Probes other silos and votes those dead that don't answer. It probes its successors in the order of addresses, and whoever
/// somebody has voted against or had trouble with. A silo that nobody answers suspects itself first.
/// </summary>
internal sealed class SiloMonitor(
    MembershipView view,
    SignsOfLife signs,
    DeathVotes votes,
    ISiloControl control,
    ILocalSiloDetails local,
    IOptions<ClusterMembershipOptions> options,
    TimeProvider time,
    ILogger<SiloMonitor> logger) : IDisposable
{
    private readonly ClusterMembershipOptions _options = options.Value;
    private readonly MembershipLog _log = new(logger);
    private readonly ConcurrentDictionary<SiloAddress, WatchedSilo> _watched = new();
    private readonly ConcurrentDictionary<SiloAddress, bool> _suspects = new();
    private ITimer? _rounds;
    private int _epoch;

    private enum Indirectly
    {
        NotAsked,
        Silent,
        Missed,
        Answered,
    }

    public void Dispose() => Stop();

    internal void Start()
    {
        view.Changed += OnChanged;
        view.Suspected += OnSuspected;
        _rounds = time.CreateTimer(static self => _ = ((SiloMonitor)self!).RunRoundAsync(), this, _options.ProbeTimeout, _options.ProbeTimeout);
    }

    internal void Stop()
    {
        _rounds?.Dispose();
        view.Changed -= OnChanged;
        view.Suspected -= OnSuspected;
    }

    /// <summary>Forgets what was missed: this process itself did not run.</summary>
    internal void Forgive()
    {
        Interlocked.Increment(ref _epoch);
        foreach (var watched in _watched.Values)
            watched.Forgive();
    }

    /// <summary>Probes everybody that this silo watches, once.</summary>
    /// <returns>A task that ends after all answers and the votes that follow from those that are missing.</returns>
    internal Task RunRoundAsync()
    {
        var data = view.Data;
        var targets = Targets(data);
        foreach (var gone in _watched.Keys.Except(targets))
            _watched.TryRemove(gone, out _);
        foreach (var gone in _suspects.Keys.Where(suspect => data.Find(suspect)?.Status != SiloStatus.Active))
            _suspects.TryRemove(gone, out _);
        return Task.WhenAll(targets.Select(target => Watch(target).ProbeOnceAsync(ProbeAsync)));
    }

    /// <summary>Probes of a silo without an answer since the last one that had one.</summary>
    internal int MissCountOf(SiloAddress silo) => _watched.TryGetValue(silo, out var watched) ? watched.MissCount : 0;

    /// <summary>The active silos that this one probes.</summary>
    internal HashSet<SiloAddress> Targets(MembershipData data)
    {
        SiloAddress[] active = [.. data.Rows.Where(row => row.Status == SiloStatus.Active).Select(row => row.Address).Order()];
        var self = Array.IndexOf(active, local.SiloAddress);
        if (self < 0)
            return [];
        HashSet<SiloAddress> targets = [];
        for (var step = 1; step < active.Length && targets.Count < _options.NumProbedSilos; step++)
            targets.Add(active[(self + step) % active.Length]);
        targets.UnionWith(active.Where(_suspects.ContainsKey));
        targets.UnionWith(data.Rows.Where(row => row.Status == SiloStatus.Active && votes.HasFresh(row)).Select(row => row.Address));
        targets.Remove(local.SiloAddress);
        return targets;
    }

    private WatchedSilo Watch(SiloAddress address) => _watched.GetOrAdd(address, static address => new WatchedSilo(address));

    private void OnSuspected(SiloAddress silo)
    {
        if (silo.Equals(local.SiloAddress) || view.Data.Find(silo)?.Status != SiloStatus.Active)
            return;
        _suspects[silo] = true;
        // Only the first: refused connections fail so fast that all misses would fall into the same moment.
        var watched = Watch(silo);
        if (watched.MissCount == 0)
            _ = watched.ProbeOnceAsync(ProbeAsync);
    }

    private void OnChanged(ClusterSnapshot snapshot)
    {
        foreach (var row in view.Data.Rows.Where(row => row.Status == SiloStatus.Active && votes.HasFresh(row)))
            OnSuspected(row.Address);
    }

    private async Task ProbeAsync(WatchedSilo target)
    {
        try
        {
            var epoch = Volatile.Read(ref _epoch);
            var indirect = target.MissCount + 1 >= _options.NumMissedProbesLimit
                ? ProbeIndirectlyAsync(target.Address)
                : Task.FromResult(Indirectly.NotAsked);
            if (await AnswersAsync(target.Address))
            {
                target.SetAnswered();
                _suspects.TryRemove(target.Address, out _);
                return;
            }
            await OnMissAsync(target, await indirect, epoch);
        }
        catch (Exception failure)
        {
            // The vote could not be written. The next round tries again.
            if (target.MissCount == _options.NumMissedProbesLimit)
                _log.TableAway(failure);
        }
    }

    private async Task OnMissAsync(WatchedSilo target, Indirectly indirectly, int epoch)
    {
        if (epoch != Volatile.Read(ref _epoch))
            return;
        if (target.MissCount + 1 >= _options.NumMissedProbesLimit)
            control.Reset(target.Address);
        if (indirectly == Indirectly.Answered)
        {
            target.Forgive();
            return;
        }
        var missCount = target.AddMiss();
        if (missCount < _options.NumMissedProbesLimit)
            return;
        if (missCount == _options.NumMissedProbesLimit)
            _log.Missing(target.Address, missCount);
        // An intermediary that answers, even if only with "no", shows that this silo is not the one that is cut off.
        if (indirectly == Indirectly.Missed || HasCompany(target.Address))
            await votes.VoteAsync(target.Address, CancellationToken.None);
        else
            await DoubtSelfAsync(target.Address, isNew: missCount == _options.NumMissedProbesLimit);
    }

    /// <summary>Nobody answers, so it may be this silo that the others are declaring dead: it looks as often as it probes.</summary>
    private async Task DoubtSelfAsync(SiloAddress target, bool isNew)
    {
        if (isNew)
            _log.SelfInDoubt(target);
        await view.ReadAsync(CancellationToken.None);
    }

    /// <summary>Whether somebody else answers, or there is nobody else who should.</summary>
    private bool HasCompany(SiloAddress target)
    {
        var others = Others(target).ToArray();
        return others.Length == 0 || others.Any(other => _watched.TryGetValue(other, out var watched) && watched.Answers);
    }

    /// <summary>The active silos with signs of life but for this one and the target.</summary>
    private IEnumerable<SiloAddress> Others(SiloAddress target) => view.Data.Rows
        .Where(row => row.Status == SiloStatus.Active && !row.Address.Equals(local.SiloAddress) && !row.Address.Equals(target))
        .Select(row => row.Address)
        .Where(address => !signs.IsStale(address));

    private async Task<bool> AnswersAsync(SiloAddress target)
    {
        using var timeout = new CancellationTokenSource(_options.ProbeTimeout, time);
        try
        {
            await control.ProbeAsync(target, timeout.Token).WaitAsync(timeout.Token);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    private async Task<Indirectly> ProbeIndirectlyAsync(SiloAddress target)
    {
        var intermediaries = Others(target).Where(other => _watched.TryGetValue(other, out var watched) && watched.Answers).ToArray();
        if (!_options.EnableIndirectProbes || intermediaries.Length == 0)
            return Indirectly.NotAsked;
        var intermediary = intermediaries[Random.Shared.Next(intermediaries.Length)];
        using var timeout = new CancellationTokenSource(_options.ProbeTimeout * 2, time);
        try
        {
            if (!await control.ProbeThroughAsync(intermediary, target, timeout.Token).WaitAsync(timeout.Token))
                return Indirectly.Missed;
            _log.AnsweredIndirectly(target, intermediary);
            return Indirectly.Answered;
        }
        catch (Exception)
        {
            return Indirectly.Silent;
        }
    }
}

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>This silo's own row: how it joins, shows that it lives, leaves, and learns that it was declared dead.</summary>
internal sealed class MembershipAgent : ISiloMembership, ISiloControlTarget, IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly MembershipView _view;
    private readonly IMembershipTable _table;
    private readonly MembershipWriter _writer;
    private readonly JoinCheck _joinCheck;
    private readonly SiloMonitor _monitor;
    private readonly SignsOfLife _signs;
    private readonly PauseGuard _pauseGuard;
    private readonly ISiloControl _control;
    private readonly LocalSiloDetails _local;
    private readonly ClusterMembershipOptions _options;
    private readonly TimeProvider _time;
    private readonly MembershipLog _log;
    private readonly List<PeriodicWork> _work = [];
    private readonly DateTime _startTime;
    private readonly Lock _toldGate = new();
    private long _toldVersion = -1;
    private bool _isFollowing;
    private int _isTableAway;
    private int _isDead;
    private volatile bool _isMember;
    private volatile SiloStatus _status = SiloStatus.Joining;

    public MembershipAgent(
        MembershipView view,
        IMembershipTable table,
        MembershipWriter writer,
        JoinCheck joinCheck,
        SiloMonitor monitor,
        SignsOfLife signs,
        PauseGuard pauseGuard,
        ISiloControl control,
        LocalSiloDetails local,
        IOptions<ClusterMembershipOptions> options,
        TimeProvider time,
        ILogger<MembershipAgent> logger)
    {
        _view = view;
        _table = table;
        _writer = writer;
        _joinCheck = joinCheck;
        _monitor = monitor;
        _signs = signs;
        _pauseGuard = pauseGuard;
        _control = control;
        _local = local;
        _options = options.Value;
        _time = time;
        _log = new MembershipLog(logger);
        _startTime = Now;
        view.WasRead += OnRead;
        view.Changed += snapshot => _log.Changed(snapshot.Version, Describe(snapshot));
        pauseGuard.Woke += OnWoke;
    }

    public event Action? Died;

    public bool IsDead => Volatile.Read(ref _isDead) != 0;

    private DateTime Now
    {
        get
        {
            // As precise as the table is, so that a value that is read again equals the one that was written.
            var now = _time.GetUtcNow().UtcDateTime;
            return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        }
    }

    public void Dispose() => StopWork();

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await _table.InitializeAsync(cancellationToken);
        var data = await _view.ReadAsync(cancellationToken);
        // A silo that is started again within the same second would otherwise take its predecessor's row for its own.
        foreach (var row in data.Rows.Where(row => row.Address.Endpoint.Equals(_local.SiloAddress.Endpoint)))
            _local.StartAfter(row.Address.Generation);
    }

    public async Task JoinAsync(CancellationToken cancellationToken)
    {
        await DeclarePredecessorsDeadAsync(cancellationToken);
        await _writer.ChangeAsync(
            data => data.Find(_local.SiloAddress) is null ? NewRow() : null,
            cancellationToken);
        _isMember = true;
        _work.Add(new PeriodicWork(_time, _options.IAmAliveTablePublishTimeout, WriteSignOfLifeAsync));
        _work.Add(new PeriodicWork(_time, _options.TableRefreshTimeout, ReadAsync));
        if (_options.DefunctSiloCleanupPeriod is { } period)
            _work.Add(new PeriodicWork(_time, period, RemoveDeadAsync));
        LogStatus(SiloStatus.Joining);
        await _joinCheck.RunAsync(cancellationToken);
    }

    public async Task ActivateAsync(CancellationToken cancellationToken)
    {
        await SetStatusAsync(SiloStatus.Active, cancellationToken);
        _monitor.Start();
        _pauseGuard.Start();
    }

    public Task BeginLeaveAsync(CancellationToken cancellationToken) =>
        _isMember ? SetStatusAsync(SiloStatus.ShuttingDown, cancellationToken) : Task.CompletedTask;

    public async Task EndLeaveAsync(CancellationToken cancellationToken)
    {
        _monitor.Stop();
        _pauseGuard.Stop();
        var wasMember = _isMember;
        _isMember = false;
        StopWork();
        if (wasMember)
            await SetStatusAsync(SiloStatus.Dead, cancellationToken);
    }

    public async Task<bool> ProbeForAsync(SiloAddress target, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.ProbeTimeout, _time);
        using var registration = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), timeout);
        try
        {
            await _control.ProbeAsync(target, timeout.Token).WaitAsync(timeout.Token);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    public void OnChangeTold(long version)
    {
        lock (_toldGate)
        {
            if (version <= _view.Current.Version)
                return;
            _toldVersion = Math.Max(_toldVersion, version);
            if (_isFollowing)
                return;
            _isFollowing = true;
        }
        _ = FollowAsync();
    }

    private static string Describe(ClusterSnapshot snapshot) =>
        string.Join(", ", snapshot.Silos.Where(silo => silo.Status != SiloStatus.Dead).Select(silo => $"{silo.Name} {silo.Address} {silo.Status}"));

    private MembershipRow NewRow() => new(
        _local.SiloAddress,
        _local.Name,
        _local.DnsHostName,
        SiloStatus.Joining,
        _local.GatewayAddress?.Endpoint.Port ?? 0,
        [],
        _startTime,
        Now);

    /// <summary>This silo listens at its endpoint, so whoever was there before does not.</summary>
    private async Task DeclarePredecessorsDeadAsync(CancellationToken cancellationToken)
    {
        SiloAddress? predecessor;
        do
        {
            predecessor = null;
            await _writer.ChangeAsync(
                data =>
                {
                    var row = data.Rows.FirstOrDefault(row => row.Status != SiloStatus.Dead
                        && row.Address.Endpoint.Equals(_local.SiloAddress.Endpoint)
                        && !row.Address.Equals(_local.SiloAddress));
                    predecessor = row?.Address;
                    return row is null ? null : row with { Status = SiloStatus.Dead };
                },
                cancellationToken);
            if (predecessor is not null)
                _log.PredecessorDead(predecessor);
        }
        while (predecessor is not null);
    }

    /// <summary>Writes the status until the table has it.</summary>
    private async Task SetStatusAsync(SiloStatus status, CancellationToken cancellationToken)
    {
        _status = status;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (IsDead)
                throw new SiloUnavailableException($"Silo {_local.SiloAddress} was declared dead.");
            try
            {
                await _writer.ChangeAsync(WithStatus, cancellationToken);
                LogStatus(status);
                return;
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                OnTableFailed(failure);
            }
            await Task.Delay(RetryDelay, cancellationToken);
        }
    }

    /// <summary>This silo's row with the status that it should have; null where it has it, or is dead.</summary>
    private MembershipRow? WithStatus(MembershipData data) =>
        data.Find(_local.SiloAddress) is { } row && row.Status != SiloStatus.Dead && row.Status != _status
            ? row with { Status = _status, Votes = [], AliveTime = Now }
            : null;

    private void LogStatus(SiloStatus status)
    {
        var current = _view.Current;
        _log.StatusWritten(_local.SiloAddress, status, current.Version, current.Ring.Silos.Length);
    }

    private void OnRead(MembershipData data)
    {
        _signs.Observe(data);
        if (!_isMember || data.Find(_local.SiloAddress) is { Status: not SiloStatus.Dead })
            return;
        // The row may also be gone: it was removed because it was dead for long, or with the whole cluster.
        if (Interlocked.Exchange(ref _isDead, 1) != 0)
            return;
        _isMember = false;
        _monitor.Stop();
        StopWork();
        Died?.Invoke();
        _pauseGuard.Stop();
    }

    private void OnWoke()
    {
        _signs.Forgive();
        _monitor.Forgive();
    }

    private Task WriteSignOfLifeAsync(CancellationToken cancellationToken) =>
        TryAsync(token => _table.UpdateAliveTimeAsync(_local.SiloAddress, Now, token), cancellationToken);

    private Task ReadAsync(CancellationToken cancellationToken) =>
        TryAsync(
            async token =>
            {
                var data = await _view.ReadAsync(token);
                // A table that went back has this silo as it was then. Where it has no row, or is dead, it ends as soon as that is believed.
                if (WithStatus(data) is not null)
                    data = await _writer.ChangeAsync(WithStatus, token);
                await BuryAsync(data, token);
            },
            cancellationToken);

    /// <summary>
    /// Nobody probes silos that are not active, so one that ends while it joins or leaves is found by its silence. One silo of
    /// all does it; the table would decide between several too.
    /// </summary>
    private async Task BuryAsync(MembershipData data, CancellationToken cancellationToken)
    {
        var first = data.Rows.Where(row => row.Status == SiloStatus.Active).Select(row => row.Address).Order().FirstOrDefault();
        if (!_local.SiloAddress.Equals(first))
            return;
        foreach (var silent in data.Rows.Where(IsSilent))
        {
            await _writer.ChangeAsync(
                newer => newer.Find(silent.Address) is { } row && IsSilent(row) ? row with { Status = SiloStatus.Dead } : null, cancellationToken);
        }
    }

    private bool IsSilent(MembershipRow row) => row.Status is not (SiloStatus.Active or SiloStatus.Dead) && _signs.IsStale(row.Address);

    private Task RemoveDeadAsync(CancellationToken cancellationToken) =>
        TryAsync(token => _table.RemoveDeadAsync(Now - _options.DefunctSiloExpiration, token), cancellationToken);

    /// <summary>One after the other, and what was told meanwhile together: no number of messages costs more than that.</summary>
    private async Task FollowAsync()
    {
        while (TryTakeTold(out var version))
            await TryAsync(token => _view.RefreshAsync(version, token), CancellationToken.None);
    }

    private bool TryTakeTold(out long version)
    {
        lock (_toldGate)
        {
            (version, _toldVersion) = (_toldVersion, -1);
            return _isFollowing = version > _view.Current.Version;
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(MembershipView.TableTimeout, _time);
        using var registration = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), timeout);
        try
        {
            await action(timeout.Token).WaitAsync(timeout.Token);
            if (Interlocked.Exchange(ref _isTableAway, 0) == 0)
                return;
            _log.TableBack();
            // The others could not write signs of life either.
            _signs.Forgive();
        }
        catch (Exception failure)
        {
            if (!cancellationToken.IsCancellationRequested)
                OnTableFailed(failure);
        }
    }

    private void OnTableFailed(Exception failure)
    {
        if (Interlocked.Exchange(ref _isTableAway, 1) == 0)
            _log.TableAway(failure);
    }

    private void StopWork()
    {
        foreach (var work in _work)
            work.Dispose();
    }
}

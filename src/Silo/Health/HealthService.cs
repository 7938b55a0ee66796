using System.Text.Json.Serialization;
using GrainVault.Silo.Hosting;

namespace GrainVault.Silo.Health;

/// <summary>State of one dependency.</summary>
/// <param name="Name">Name of the dependency.</param>
/// <param name="Status"><c>up</c> or <c>down</c>.</param>
/// <param name="Fault">What is wrong; null when it is up.</param>
public sealed record DependencyHealth(string Name, string Status, string? Fault);

/// <summary>Answer of <c>/healthz/ready</c>.</summary>
/// <param name="Status"><c>ready</c> or <c>not-ready</c>.</param>
/// <param name="Runtime">The actor runtime: <c>bundled</c> or <c>nuget</c>.</param>
/// <param name="RuntimeVersion">Its version.</param>
/// <param name="Dependencies">What this process needs, by name.</param>
public sealed record HealthReport(string Status, string Runtime, string RuntimeVersion, IReadOnlyList<DependencyHealth> Dependencies)
{
    /// <summary>True when every dependency works.</summary>
    [JsonIgnore]
    public bool IsReady => Status == "ready";
}

/// <summary>Asks all probes, at most once per <see cref="CacheTime"/>: a load balancer's questions must cost next to nothing.</summary>
public sealed class HealthService(IEnumerable<IHealthProbe> probes, TimeProvider time) : IDisposable
{
    /// <summary>How long an answer stands.</summary>
    public static readonly TimeSpan CacheTime = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait for one dependency.</summary>
    public static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private HealthReport? _report;
    private long _reportedAt;

    /// <summary>The state of this process's dependencies.</summary>
    public async Task<HealthReport> CheckAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_report is null || time.GetElapsedTime(_reportedAt) >= CacheTime)
            {
                var dependencies = await Task.WhenAll(probes.Select(AskAsync));
                var isReady = dependencies.All(dependency => dependency.Fault is null);
                _report = new HealthReport(isReady ? "ready" : "not-ready", RuntimeInfo.Current.Name, RuntimeInfo.Current.Version, dependencies);
                _reportedAt = time.GetTimestamp();
            }

            return _report;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private async Task<DependencyHealth> AskAsync(IHealthProbe probe)
    {
        using var timeout = new CancellationTokenSource(ProbeTimeout, time);
        string? fault;
        try
        {
            fault = await probe.FindFaultAsync(timeout.Token).WaitAsync(ProbeTimeout, time);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
        {
            fault = $"no answer within {ProbeTimeout.TotalSeconds:0} s";
        }
        catch (Exception exception)
        {
            // A probe that fails in a way it did not foresee is a dependency that is down, never an error of the page.
            fault = exception.GetType().Name;
        }

        return new DependencyHealth(probe.Name, fault is null ? "up" : "down", fault);
    }
}

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>Makes sure that a silo that joins and the active ones reach one another, both ways.</summary>
internal sealed class JoinCheck(
    MembershipView view,
    SignsOfLife signs,
    ISiloControl control,
    ILocalSiloDetails local,
    IOptions<ClusterMembershipOptions> options,
    TimeProvider time,
    ILogger<JoinCheck> logger)
{
    /// <summary>How many silos are asked at the same time.</summary>
    private const int ConcurrencyMax = 16;

    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromSeconds(1);

    private readonly MembershipLog _log = new(logger);

    /// <summary>Tries until all are reached. Silos without signs of life are not waited for.</summary>
    /// <exception cref="OrleansException">Some were not reached for too long.</exception>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var begunAt = time.GetTimestamp();
        while (true)
        {
            var data = await view.ReadAsync(cancellationToken);
            var unreached = await FindUnreachedAsync(data, cancellationToken);
            if (unreached.Length == 0)
                return;
            var names = string.Join(", ", unreached.Select(silo => silo.ToString()));
            if (time.GetElapsedTime(begunAt) > options.Value.MaxJoinAttemptTime)
                throw new OrleansException($"Did not join the cluster within {options.Value.MaxJoinAttemptTime}: no connection both ways with {names}.");
            _log.NotReachable(names);
            var delay = options.Value.ProbeTimeout < RetryDelayMax ? options.Value.ProbeTimeout : RetryDelayMax;
            await Task.Delay(delay, time, cancellationToken);
        }
    }

    private async Task<SiloAddress[]> FindUnreachedAsync(MembershipData data, CancellationToken cancellationToken)
    {
        var others = data.Rows
            .Where(row => row.Status == SiloStatus.Active && !row.Address.Equals(local.SiloAddress) && !signs.IsStale(row.Address))
            .Select(row => row.Address)
            .ToArray();
        var isReached = new bool[others.Length];
        await Parallel.ForAsync(
            0,
            others.Length,
            new ParallelOptions { MaxDegreeOfParallelism = ConcurrencyMax, CancellationToken = cancellationToken },
            async (index, token) => isReached[index] = await IsReachedAsync(others[index], token));
        return [.. others.Where((_, index) => !isReached[index])];
    }

    /// <summary>Asking the other silo to probe this one tries both ways at once.</summary>
    private async Task<bool> IsReachedAsync(SiloAddress other, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.Value.ProbeTimeout * 2, time);
        using var registration = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), timeout);
        try
        {
            return await control.ProbeThroughAsync(other, local.SiloAddress, timeout.Token).WaitAsync(timeout.Token);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}

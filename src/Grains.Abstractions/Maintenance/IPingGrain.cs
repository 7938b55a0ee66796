using Orleans;

namespace GrainVault.Maintenance;

/// <summary>Answers where the call arrives, and does nothing else. Stateless worker, keys <c>p-0</c> and up.</summary>
[Alias("gv.IPingGrain")]
public interface IPingGrain : IGrainWithStringKey
{
    /// <summary>Returns.</summary>
    [ResponseTimeout("00:00:02"), Alias("Ping")]
    Task PingAsync(CancellationToken cancellationToken = default);
}

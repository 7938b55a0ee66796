using Orleans;

namespace GrainVault.Maintenance;

/// <summary>
/// One of 16 shards that finish, expire, purge and sweep: the only grains with reminders. They register again at start, so the
/// reminder table may be lost. Keys <c>j-0</c> to <c>j-15</c>.
/// </summary>
[Alias("gv.IJanitorGrain")]
public interface IJanitorGrain : IGrainWithStringKey
{
    /// <summary>Number of shards.</summary>
    public const int ShardCount = 16;

    /// <summary>Registers the shard's reminder if it is not registered.</summary>
    [Alias("Ensure")]
    Task EnsureAsync(CancellationToken cancellationToken = default);

    /// <summary>Does now what the reminder would do, and returns how many rows it worked on.</summary>
    [ResponseTimeout("00:10:00"), Alias("Run")]
    Task<int> RunAsync(CancellationToken cancellationToken = default);
}

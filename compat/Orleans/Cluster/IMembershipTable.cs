using System.Collections.Immutable;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>One silo's row in the membership table.</summary>
/// <param name="Address">The silo.</param>
/// <param name="Name">Its name.</param>
/// <param name="HostName">Its machine.</param>
/// <param name="Status">Where it is in its life.</param>
/// <param name="ProxyPort">Where clients connect; 0: nowhere.</param>
/// <param name="Votes">Who has voted it dead.</param>
/// <param name="StartTime">When it started, UTC.</param>
/// <param name="AliveTime">Its last sign of life by its own clock, UTC.</param>
internal sealed record MembershipRow(
    SiloAddress Address,
    string Name,
    string HostName,
    SiloStatus Status,
    int ProxyPort,
    ImmutableArray<DeathVote> Votes,
    DateTime StartTime,
    DateTime AliveTime)
{
    /// <summary>Whether the other state has the silo too, with the same status and votes; the dead may be missing.</summary>
    internal bool IsAsIn(MembershipData other) => Status == SiloStatus.Dead
        ? other.Find(Address) is null or { Status: SiloStatus.Dead }
        : other.Find(Address) is { } row && row.Status == Status && row.Votes.SequenceEqual(Votes);

    internal ClusterSilo ToClusterSilo() => new(Address, Name, HostName, Status, ProxyPort, StartTime)
    {
        LeftInOrder = Status == SiloStatus.Dead && Votes.IsEmpty,
    };
}

/// <summary>The table at one version.</summary>
internal sealed class MembershipData(int version, ImmutableArray<MembershipRow> rows)
{
    internal static MembershipData Empty { get; } = new(-1, []);

    internal int Version { get; } = version;

    internal ImmutableArray<MembershipRow> Rows { get; } = rows;

    private int LivingCount => Rows.Count(row => row.Status != SiloStatus.Dead);

    internal MembershipRow? Find(SiloAddress address) => Rows.FirstOrDefault(row => row.Address.Equals(address));

    /// <summary>Whether the table can have come here from the other state. Of one version there are no two, but for signs of life and
    /// rows of the dead that were removed; a table that went back can come to a known number in another way.</summary>
    internal bool Follows(MembershipData earlier) =>
        Version > earlier.Version || (Version == earlier.Version && LivingCount == earlier.LivingCount && Rows.All(row => row.IsAsIn(earlier)));

    internal ClusterSnapshot ToSnapshot() => new(Version, [.. Rows.Select(row => row.ToClusterSilo())]);
}

/// <summary>
/// The membership table: the one place where it is decided who is a member. Every change but a sign of life names the version
/// that it was made from and is refused where the table has moved on.
/// </summary>
internal interface IMembershipTable
{
    /// <summary>Makes the cluster's version row, if it is not there yet.</summary>
    Task InitializeAsync(CancellationToken cancellationToken);

    Task<MembershipData> ReadAllAsync(CancellationToken cancellationToken);

    /// <summary>Adds a row if the table still has this version.</summary>
    /// <returns>Whether it was added.</returns>
    Task<bool> InsertAsync(MembershipRow row, int version, CancellationToken cancellationToken);

    /// <summary>Changes a row's status, votes and sign of life if the table still has this version.</summary>
    /// <returns>Whether it was changed.</returns>
    Task<bool> UpdateAsync(MembershipRow row, int version, CancellationToken cancellationToken);

    /// <summary>Writes a sign of life; changes no version.</summary>
    Task UpdateAliveTimeAsync(SiloAddress address, DateTime aliveTime, CancellationToken cancellationToken);

    /// <summary>Removes rows of dead silos whose last sign of life is older.</summary>
    Task RemoveDeadAsync(DateTime before, CancellationToken cancellationToken);
}

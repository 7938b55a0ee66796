namespace GrainVault.Cluster;

/// <summary>Reads the members' table, where the host has one.</summary>
public interface IMemberList
{
    /// <summary>All silos of the cluster, also dead ones that are still in the table.</summary>
    /// <exception cref="DependencyUnavailableException">The table can't be read now.</exception>
    Task<List<MemberStatus>> ListAsync(CancellationToken cancellationToken);
}

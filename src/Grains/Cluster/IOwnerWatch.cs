namespace GrainVault.Cluster;

/// <summary>
/// Knows when a grain of this silo may have a second activation: a silo that was declared dead may live on for a moment, cut off from
/// the others but not from PostgreSQL, and carry out commands on grains that have new owners already. Writes of both are decided in
/// PostgreSQL; what one of them remembers may be wrong because of the other.
/// </summary>
public interface IOwnerWatch
{
    /// <summary>True while what a new activation reads must not be remembered.</summary>
    bool MayBeDoubled { get; }
}

/// <summary>Of a silo that has no others.</summary>
internal sealed class OnlyOwner : IOwnerWatch
{
    public bool MayBeDoubled => false;
}

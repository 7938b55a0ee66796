using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>What this silo believes of the others.</summary>
    public interface ISiloStatusOracle
    {
        /// <summary>This silo's own status.</summary>
        SiloStatus CurrentStatus { get; }

        /// <summary>This silo's address.</summary>
        SiloAddress SiloAddress { get; }

        /// <summary>All silos that the membership table names; what is read may be a moment old.</summary>
        /// <param name="onlyActive">Whether to leave out those that are not active.</param>
        /// <returns>Their statuses.</returns>
        Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false);
    }
}

namespace Orleans.Cluster
{
    /// <summary>Answers from the view.</summary>
    internal sealed class SiloStatusOracle(IClusterView view, ILocalSiloDetails local) : ISiloStatusOracle
    {
        public SiloStatus CurrentStatus => view.Current.StatusOf(local.SiloAddress);

        public SiloAddress SiloAddress => local.SiloAddress;

        public Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false) => view.Current.Silos
            .Where(silo => !onlyActive || silo.Status == SiloStatus.Active)
            .ToDictionary(silo => silo.Address, silo => silo.Status);
    }
}

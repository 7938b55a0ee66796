using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>Who this silo is.</summary>
    public interface ILocalSiloDetails
    {
        /// <summary>The silo's name.</summary>
        string Name { get; }

        /// <summary>The cluster that it belongs to.</summary>
        string ClusterId { get; }

        /// <summary>The machine's host name.</summary>
        string DnsHostName { get; }

        /// <summary>Where other silos connect.</summary>
        SiloAddress SiloAddress { get; }

        /// <summary>Where clients connect; null where they can't.</summary>
        SiloAddress? GatewayAddress { get; }
    }
}

namespace Orleans.Cluster
{
    /// <summary>Who this silo is: from its options, made up once.</summary>
    internal sealed class LocalSiloDetails : ILocalSiloDetails
    {
        private readonly EndpointOptions _endpoints;
        private readonly IPAddress _address;
        private volatile SiloAddress _siloAddress;

        public LocalSiloDetails(IOptions<SiloOptions> silo, IOptions<ClusterOptions> cluster, IOptions<EndpointOptions> endpoints)
        {
            Name = silo.Value.SiloName ?? $"Silo_{Environment.MachineName}_{Environment.ProcessId}";
            ClusterId = cluster.Value.ClusterId;
            DnsHostName = Environment.MachineName;
            _endpoints = endpoints.Value;
            _address = _endpoints.AdvertisedIPAddress ?? MachineAddress.Find(AddressFamily.InterNetwork);
            _siloAddress = SiloAddress.New(_address, _endpoints.SiloPort, SiloAddress.AllocateNewGeneration());
        }

        public string Name { get; }

        public string ClusterId { get; }

        public string DnsHostName { get; }

        public SiloAddress SiloAddress => _siloAddress;

        public SiloAddress? GatewayAddress =>
            _endpoints.GatewayPort == 0 ? null : SiloAddress.New(_address, _endpoints.GatewayPort, _siloAddress.Generation);

        /// <summary>Takes a later generation than one that the table already has for this endpoint. Only before anything listens.</summary>
        internal void StartAfter(int generation)
        {
            if (_siloAddress.Generation <= generation)
                _siloAddress = SiloAddress.New(_siloAddress.Endpoint, generation + 1);
        }
    }
}

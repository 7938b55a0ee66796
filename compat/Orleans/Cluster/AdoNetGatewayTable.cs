using System.Data;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;
using Orleans.AdoNet;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>Where a client finds its gateways.</summary>
internal interface IGatewayTable
{
    /// <summary>Reads the gateways of all active silos.</summary>
    Task<IReadOnlyList<SiloAddress>> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>Gateways behind the official table contract. The SQL is read with the first use that succeeds: a client may start before its database.</summary>
internal sealed class AdoNetGatewayTable(IOptions<AdoNetClusteringClientOptions> options, IOptions<ClusterOptions> cluster) : IGatewayTable
{
    private const string GatewaysKey = "GatewaysQueryKey";

    private volatile bool _isLoaded;

    /// <summary>Made with the first use: the options may depend on services that start just before the client.</summary>
    private AdoNetDatabase Database =>
        field ??= new AdoNetDatabase(options.Value.Invariant, options.Value.ConnectionString, nameof(AdoNetClusteringClientOptions));

    public async Task<IReadOnlyList<SiloAddress>> ReadAsync(CancellationToken cancellationToken)
    {
        if (!_isLoaded)
        {
            await Database.LoadAsync([GatewaysKey], cancellationToken);
            _isLoaded = true;
        }
        return await Database.QueryAsync(
            GatewaysKey,
            [("DeploymentId", DbType.String, cluster.Value.ClusterId), ("Status", DbType.Int32, (int)SiloStatus.Active)],
            reader => SiloAddress.New(
                IPAddress.Parse(reader.GetString(reader.GetOrdinal("Address"))),
                Convert.ToInt32(reader.GetValue(reader.GetOrdinal("ProxyPort")), CultureInfo.InvariantCulture),
                Convert.ToInt32(reader.GetValue(reader.GetOrdinal("Generation")), CultureInfo.InvariantCulture)),
            cancellationToken);
    }
}

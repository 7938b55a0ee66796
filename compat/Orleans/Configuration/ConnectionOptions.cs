using Microsoft.AspNetCore.Connections;

namespace Orleans.Configuration;

/// <summary>How connections between processes are opened.</summary>
public class ConnectionOptions
{
    /// <summary>The usual time in which a connection must be open: 5 s.</summary>
    public static readonly TimeSpan DEFAULT_OPENCONNECTION_TIMEOUT = TimeSpan.FromSeconds(5);

    /// <summary>How long to wait after a connection could not be opened before the next attempt; calls fail at once meanwhile. Default: 1 s.</summary>
    public TimeSpan ConnectionRetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>In which time a connection must be open, middleware included. Default: 5 s.</summary>
    public TimeSpan OpenConnectionTimeout { get; set; } = DEFAULT_OPENCONNECTION_TIMEOUT;
}

/// <summary>Middleware for a silo's connections, for instance for encryption or authentication. What is added first runs first.</summary>
public class SiloConnectionOptions : SiloConnectionOptions.ISiloConnectionBuilderOptions
{
    private readonly List<Action<IConnectionBuilder>> _siloOutbound = [];
    private readonly List<Action<IConnectionBuilder>> _siloInbound = [];
    private readonly List<Action<IConnectionBuilder>> _gatewayInbound = [];

    /// <summary>Adds middleware to connections that this silo opens to others.</summary>
    /// <param name="configure">Adds it.</param>
    public void ConfigureSiloOutboundConnection(Action<IConnectionBuilder> configure) => _siloOutbound.Add(configure);

    /// <summary>Adds middleware to connections that other silos open to this one.</summary>
    /// <param name="configure">Adds it.</param>
    public void ConfigureSiloInboundConnection(Action<IConnectionBuilder> configure) => _siloInbound.Add(configure);

    /// <summary>Adds middleware to connections that clients open to this silo.</summary>
    /// <param name="configure">Adds it.</param>
    public void ConfigureGatewayInboundConnection(Action<IConnectionBuilder> configure) => _gatewayInbound.Add(configure);

    void ISiloConnectionBuilderOptions.ConfigureSiloOutboundBuilder(IConnectionBuilder builder) => _siloOutbound.ForEach(configure => configure(builder));

    void ISiloConnectionBuilderOptions.ConfigureSiloInboundBuilder(IConnectionBuilder builder) => _siloInbound.ForEach(configure => configure(builder));

    void ISiloConnectionBuilderOptions.ConfigureGatewayInboundBuilder(IConnectionBuilder builder) => _gatewayInbound.ForEach(configure => configure(builder));

    /// <summary>Applies the middleware.</summary>
    public interface ISiloConnectionBuilderOptions
    {
        /// <summary>Applies what is for connections to other silos.</summary>
        /// <param name="builder">Takes it.</param>
        void ConfigureSiloOutboundBuilder(IConnectionBuilder builder);

        /// <summary>Applies what is for connections of other silos.</summary>
        /// <param name="builder">Takes it.</param>
        void ConfigureSiloInboundBuilder(IConnectionBuilder builder);

        /// <summary>Applies what is for connections of clients.</summary>
        /// <param name="builder">Takes it.</param>
        void ConfigureGatewayInboundBuilder(IConnectionBuilder builder);
    }
}

/// <summary>Middleware for a client's connections. What is added first runs first.</summary>
public class ClientConnectionOptions
{
    private readonly List<Action<IConnectionBuilder>> _outbound = [];

    /// <summary>Adds middleware to connections that the client opens to gateways.</summary>
    /// <param name="configure">Adds it.</param>
    public void ConfigureConnection(Action<IConnectionBuilder> configure) => _outbound.Add(configure);

    internal void ConfigureBuilder(IConnectionBuilder builder) => _outbound.ForEach(configure => configure(builder));
}

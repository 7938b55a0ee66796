namespace Orleans.Configuration;

/// <summary>How a client sends calls.</summary>
public class ClientMessagingOptions : MessagingOptions;

/// <summary>How a client finds gateways.</summary>
public class GatewayOptions
{
    /// <summary>How often the list of gateways is read again; it is also read when one is lost. Default: 1 min.</summary>
    public TimeSpan GatewayListRefreshPeriod { get; set; } = TimeSpan.FromMinutes(1);
}

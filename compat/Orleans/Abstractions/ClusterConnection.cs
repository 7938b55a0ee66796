namespace Orleans;

/// <summary>Decides whether a client that could not connect to its cluster at start tries again.</summary>
public interface IClientConnectionRetryFilter
{
    /// <summary>Decides, after whatever pause it makes.</summary>
    /// <param name="exception">Why the attempt failed.</param>
    /// <param name="cancellationToken">Cancelled when the host gives up.</param>
    /// <returns>Whether to try again.</returns>
    Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken);
}

/// <summary>Hears how many gateways a client is connected to. It must not block.</summary>
public interface IClusterConnectionStatusObserver
{
    /// <summary>The number has changed.</summary>
    /// <param name="currentNumberOfGateways">The number now.</param>
    /// <param name="previousNumberOfGateways">The number before.</param>
    /// <param name="connectionRecovered">Whether there was none before.</param>
    void NotifyGatewayCountChanged(int currentNumberOfGateways, int previousNumberOfGateways, bool connectionRecovered);

    /// <summary>There is none any more.</summary>
    void NotifyClusterConnectionLost();
}

/// <summary>Hears how many gateways a client is connected to.</summary>
/// <param name="sender">The client.</param>
/// <param name="e">The numbers.</param>
public delegate void GatewayCountChangedHandler(object sender, GatewayCountChangedEventArgs e);

/// <summary>How many gateways a client is connected to.</summary>
/// <param name="currentNumberOfConnectedGateways">The number now.</param>
/// <param name="previousNumberOfConnectedGateways">The number before.</param>
public class GatewayCountChangedEventArgs(int currentNumberOfConnectedGateways, int previousNumberOfConnectedGateways) : EventArgs
{
    /// <summary>The number now.</summary>
    public int NumberOfConnectedGateways { get; } = currentNumberOfConnectedGateways;

    /// <summary>The number before.</summary>
    public int PreviousNumberOfConnectedGateways { get; } = previousNumberOfConnectedGateways;
}

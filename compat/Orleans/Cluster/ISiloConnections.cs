using Orleans.Calls;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>The silo's ports and its connections to other silos and clients. There is none where the silo is alone by configuration.</summary>
internal interface ISiloConnections
{
    /// <summary>Listens. From here on probes are answered; calls are, once the silo is open.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Waits until calls that were passed on have their answers, and answers have left. Does not wait for ever, and does not throw.</summary>
    Task DrainAsync(CancellationToken cancellationToken);

    /// <summary>Closes ports and connections, after the silo has left the cluster. What still waits for an answer over them fails.</summary>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Drops everything at once, probes included: the others have declared this silo dead.</summary>
    void Abort();
}

/// <summary>Makes the message center of a silo that is one of several.</summary>
internal interface IMessageCenterFactory
{
    /// <summary>Makes it, once, while the silo is made.</summary>
    /// <param name="silo">The silo, whose other parts may be used only later.</param>
    /// <param name="local">Takes calls whose grain belongs to this silo.</param>
    IMessageCenter Create(SiloRuntime silo, LocalMessageCenter local);
}

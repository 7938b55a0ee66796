namespace Orleans.Configuration;

/// <summary>How calls are sent.</summary>
public abstract class MessagingOptions
{
    /// <summary>How long a caller waits for an answer. Default: 30 s.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether a timeout also signals the callee's cancellation token. Default: true.</summary>
    public bool CancelRequestOnTimeout { get; set; } = true;

    /// <summary>Whether a call that waited past its caller's timeout is dropped instead of run. Default: true.</summary>
    public bool DropExpiredMessages { get; set; } = true;
}

/// <summary>How a silo receives calls.</summary>
public class SiloMessagingOptions : MessagingOptions
{
    /// <summary>At most this many calls run or wait in one activation; more get a
    /// <see cref="Runtime.LimitExceededException"/>. Default: 0, which is no limit.</summary>
    public int MaxEnqueuedRequestsHardLimit { get; set; }

    /// <summary>The same for each activation of a stateless worker. Default: 0, which is no limit.</summary>
    public int MaxEnqueuedRequestsHardLimit_StatelessWorker { get; set; }
}

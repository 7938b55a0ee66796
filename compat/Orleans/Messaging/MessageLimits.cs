namespace Orleans.Messaging;

/// <summary>What one connection may hold and how long it may take: every queue and every wait of messaging has its limit here.</summary>
internal sealed record MessageLimits
{
    /// <summary>A body larger than this, in bytes, travels on the lane for content, in chunks of at most this.</summary>
    internal const int ChunkBytesMax = 64 << 10;

    /// <summary>The most bytes of one body; a longer one closes the connection, as in the official runtime.</summary>
    internal const int BodyBytesMax = 100 << 20;

    /// <summary>The most bytes of one header: target, method, request context, trace.</summary>
    internal const int HeaderBytesMax = 1 << 20;

    /// <summary>How many silos a call may be passed on by before it is rejected.</summary>
    internal const int ForwardCountMax = 8;

    /// <summary>The most messages that wait to be sent on one connection.</summary>
    internal int QueuedFrameCountMax { get; init; } = 10_000;

    /// <summary>The most bytes that wait to be sent on one connection; one message may always wait.</summary>
    internal long QueuedBytesMax { get; init; } = 256L << 20;

    /// <summary>The most calls that wait for an answer on one connection.</summary>
    internal int PendingCallCountMax { get; init; } = 50_000;

    /// <summary>The most bytes of calls that were received on one connection and have no outcome yet. Past it small calls are refused, so
    /// that cancellations and probes behind them are read; a large body waits until there is room.</summary>
    internal long ReceivedBytesMax { get; init; } = 256L << 20;

    /// <summary>The most calls that were received on one connection and have no outcome yet; more are refused. A caller has at most
    /// <see cref="PendingCallCountMax"/> open and may have given up others.</summary>
    internal int ReceivedCallCountMax { get; init; } = 100_000;

    /// <summary>How long a large body may make no progress before its connection is closed.</summary>
    internal TimeSpan BodyProgressTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most silos that are probed at the same time for one peer; it gets no answer for more.</summary>
    internal int IndirectProbeCountMax { get; init; } = 32;

    /// <summary>How long a peer may take, from the connection on, to say who it is.</summary>
    internal TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The most connections whose peers have not yet said who they are, per port; more are closed at once.</summary>
    internal int HandshakeCountMax { get; init; } = 256;

    /// <summary>How long a call waits for a newer view of the cluster before it is routed by the old one.</summary>
    internal TimeSpan RefreshTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a silo asks another one on behalf of a third.</summary>
    internal TimeSpan IndirectProbeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a silo that stops waits for the outcome of calls that it passed on or answers.</summary>
    internal TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The most gateways that a client is connected to.</summary>
    internal int GatewayCountMax { get; init; } = 64;

    /// <summary>How long a client waits for a gateway's sign of life before it calls by other ones.</summary>
    internal TimeSpan GatewaySilenceMax { get; init; } = TimeSpan.FromSeconds(5);
}

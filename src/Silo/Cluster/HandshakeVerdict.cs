namespace GrainVault.Silo.Cluster;

/// <summary>How a handshake ended.</summary>
internal enum HandshakeVerdict : byte
{
    /// <summary>Both sides hold the secret and belong together.</summary>
    Welcome = 0,

    /// <summary>The other side belongs to another cluster.</summary>
    WrongCluster = 1,

    /// <summary>A front end at a port for silos, or the other way round.</summary>
    WrongPort = 3,

    // From here on nothing is said to the other side.

    /// <summary>The other side holds none of our secrets.</summary>
    WrongSecret = 16,

    /// <summary>A message that was sent before.</summary>
    Replayed = 17,

    /// <summary>Bytes that are no handshake.</summary>
    Garbage = 18,

    /// <summary>The other side closed the connection.</summary>
    Closed = 19,

    /// <summary>The other side took too long.</summary>
    TimedOut = 20,

    /// <summary>The clocks differ by more than is allowed, or the message was sent long ago.</summary>
    WrongClock = 21,
}

/// <summary>The end of a handshake.</summary>
/// <param name="Verdict">How it ended.</param>
/// <param name="Detail">One line for the log; empty for <see cref="HandshakeVerdict.Welcome"/>.</param>
internal readonly record struct HandshakeOutcome(HandshakeVerdict Verdict, string Detail = "")
{
    /// <summary>True when calls may follow.</summary>
    public bool IsWelcome => Verdict == HandshakeVerdict.Welcome;
}

using Orleans.Calls;
using Orleans.Runtime;

namespace Orleans.Messaging;

/// <summary>Who has connections to others: a silo or a client.</summary>
internal interface IPeerOwner
{
    /// <summary>Makes the grain references among what is received.</summary>
    ReferenceFactory References { get; }

    /// <summary>The failure of a call whose connection is lost or can't be opened.</summary>
    Exception Unreachable(SiloAddress target, Exception? reason);

    /// <summary>The failure of a call for which there is no room.</summary>
    Exception TooBusy(string message);

    /// <summary>A connection was opened, or its other side is about to leave. Must not block.</summary>
    void OnChanged(OutgoingConnection connection);

    /// <summary>A connection has ended or could not be opened. Must not block.</summary>
    void OnClosed(OutgoingConnection connection, Exception reason);
}

namespace Orleans.Calls;

/// <summary>
/// Takes a call to the silo that owns its grain. It is the one place that knows where grains live: a cluster puts its own
/// here, which asks its ring for the owner and either hands the call to <see cref="LocalMessageCenter"/> or sends it as a message.
/// </summary>
internal interface IMessageCenter
{
    /// <summary>Sends a call. The outcome, a rejection included, is set on the call; nothing is thrown.</summary>
    void Send(GrainCall call);
}

namespace Orleans.Calls;

/// <summary>What a silo does with all its calls.</summary>
/// <param name="CancelsOnTimeout">Whether a timeout signals the callee's token.</param>
/// <param name="DropsAbandoned">Whether a call that its caller gave up before it started is dropped.</param>
internal sealed record CallOptions(bool CancelsOnTimeout, bool DropsAbandoned)
{
    internal static readonly CallOptions Default = new(CancelsOnTimeout: true, DropsAbandoned: true);
}

namespace Orleans.Runtime;

/// <summary>Whether calls carry the trace context.</summary>
internal sealed class TracingOptions
{
    internal bool Propagates { get; set; }
}

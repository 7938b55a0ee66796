namespace Orleans;

/// <summary>Why an activation ends, as a code.</summary>
public enum DeactivationReasonCode : byte
{
    /// <summary>No reason was given.</summary>
    None = 0,

    /// <summary>The silo is stopping.</summary>
    ShuttingDown = 1,

    /// <summary>The activation did not start.</summary>
    ActivationFailed = 2,

    /// <summary>The activation was idle for longer than its age limit.</summary>
    ActivationIdle = 4,

    /// <summary>The grain failed, for instance with a conflict of its stored state.</summary>
    ApplicationError = 8,

    /// <summary>The grain asked for it.</summary>
    ApplicationRequested = 9,

    /// <summary>The runtime asked for it.</summary>
    RuntimeRequested = 11,
}

/// <summary>Why an activation ends.</summary>
/// <param name="code">The reason as a code.</param>
/// <param name="exception">The failure behind it, if there was one.</param>
/// <param name="text">The reason in words.</param>
public readonly struct DeactivationReason(DeactivationReasonCode code, Exception? exception, string text)
{
    /// <summary>A reason without a failure.</summary>
    /// <param name="code">The reason as a code.</param>
    /// <param name="text">The reason in words.</param>
    public DeactivationReason(DeactivationReasonCode code, string text) : this(code, null, text)
    {
    }

    /// <summary>The reason as a code.</summary>
    public DeactivationReasonCode ReasonCode { get; } = code;

    /// <summary>The reason in words.</summary>
    public string Description { get; } = text;

    /// <summary>The failure behind it, if there was one.</summary>
    public Exception? Exception { get; } = exception;

    /// <inheritdoc/>
    public override string ToString() => $"{ReasonCode}: {Description}";
}

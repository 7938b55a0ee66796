namespace Orleans.Runtime;

/// <summary>The base of the runtime's exceptions.</summary>
public class OrleansException : Exception
{
    /// <summary>An error without details.</summary>
    public OrleansException() : base("Unexpected error.")
    {
    }

    /// <summary>An error.</summary>
    /// <param name="message">What happened.</param>
    public OrleansException(string message) : base(message)
    {
    }

    /// <summary>An error with its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public OrleansException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

/// <summary>A call was not accepted, for instance because the silo of its grain died. Nothing is retried by the runtime.</summary>
public class OrleansMessageRejectionException : OrleansException
{
    internal OrleansMessageRejectionException(string message) : base(message)
    {
    }

    internal OrleansMessageRejectionException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

/// <summary>The silo is not there: it has not started, is stopping or has died.</summary>
public sealed class SiloUnavailableException : OrleansMessageRejectionException
{
    /// <summary>An error without details.</summary>
    public SiloUnavailableException() : base("The silo is unavailable.")
    {
    }

    /// <summary>An error.</summary>
    /// <param name="msg">What happened.</param>
    public SiloUnavailableException(string msg) : base(msg)
    {
    }

    /// <summary>An error with its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public SiloUnavailableException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

/// <summary>The gateway has more calls than it accepts.</summary>
public sealed class GatewayTooBusyException : OrleansException
{
    /// <summary>An error without details.</summary>
    public GatewayTooBusyException() : base("Gateway too busy")
    {
    }

    /// <summary>An error.</summary>
    /// <param name="message">What happened.</param>
    public GatewayTooBusyException(string message) : base(message)
    {
    }

    /// <summary>An error with its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public GatewayTooBusyException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

/// <summary>A limit of the runtime was reached, for instance on the calls that wait for one activation.</summary>
public sealed class LimitExceededException : OrleansException
{
    /// <summary>An error without details.</summary>
    public LimitExceededException() : base("Limit exceeded")
    {
    }

    /// <summary>An error.</summary>
    /// <param name="message">What happened.</param>
    public LimitExceededException(string message) : base(message)
    {
    }

    /// <summary>An error with its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public LimitExceededException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>An error that names the limit.</summary>
    /// <param name="limitName">The option that sets the limit.</param>
    /// <param name="current">The count that exceeds it.</param>
    /// <param name="threshold">The limit.</param>
    /// <param name="extraInfo">Where.</param>
    public LimitExceededException(string limitName, int current, int threshold, object extraInfo)
        : base($"Limit exceeded {limitName} Current={current} Threshold={threshold} {extraInfo}")
    {
    }
}

/// <summary>The configuration of the silo, or a type that it was given, is wrong. The silo does not start.</summary>
public sealed class OrleansConfigurationException : Exception
{
    /// <summary>An error.</summary>
    /// <param name="message">What is wrong.</param>
    public OrleansConfigurationException(string message) : base(message)
    {
    }

    /// <summary>An error with its cause.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="innerException">The cause.</param>
    public OrleansConfigurationException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

/// <summary>A reminder could not be read or changed.</summary>
public sealed class ReminderException : OrleansException
{
    /// <summary>An error.</summary>
    /// <param name="message">What happened.</param>
    public ReminderException(string message) : base(message)
    {
    }
}

namespace Orleans.Serialization;

/// <summary>A value could not cross a grain call.</summary>
public class SerializerException : Exception
{
    /// <summary>An error without details.</summary>
    public SerializerException()
    {
    }

    /// <summary>An error.</summary>
    /// <param name="message">What happened.</param>
    public SerializerException(string message) : base(message)
    {
    }

    /// <summary>An error with its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public SerializerException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

/// <summary>A value's type has no codec: it is neither known to the runtime nor marked with <see cref="GenerateSerializerAttribute"/>.</summary>
internal sealed class CodecNotFoundException(string message) : SerializerException(message);

/// <summary>Stands for an exception whose type can't be loaded on this side.</summary>
public sealed class UnavailableExceptionFallbackException : Exception
{
    /// <summary>An error without details.</summary>
    public UnavailableExceptionFallbackException()
    {
    }

    /// <summary>An error with its cause.</summary>
    /// <param name="message">The message of the original.</param>
    /// <param name="innerException">The cause.</param>
    public UnavailableExceptionFallbackException(string? message, Exception? innerException) : base(message, innerException)
    {
    }

    /// <summary>The name of the original's type.</summary>
    public string? ExceptionType { get; internal set; }
}

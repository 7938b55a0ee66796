using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>The stored state was changed by someone else since this activation read it; the activation ends.</summary>
public class InconsistentStateException : OrleansException
{
    /// <summary>An error without details.</summary>
    public InconsistentStateException()
    {
    }

    /// <summary>An error.</summary>
    /// <param name="message">What happened.</param>
    public InconsistentStateException(string message) : base(message)
    {
    }

    /// <summary>An error with its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public InconsistentStateException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>An error with both versions.</summary>
    /// <param name="errorMsg">What happened.</param>
    /// <param name="storedEtag">The version in the store, where it is known.</param>
    /// <param name="currentEtag">The version that the activation has.</param>
    public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag) : base(errorMsg)
    {
        StoredEtag = storedEtag;
        CurrentEtag = currentEtag;
    }

    /// <summary>The version in the store, where it is known.</summary>
    public string? StoredEtag { get; }

    /// <summary>The version that the activation has.</summary>
    public string? CurrentEtag { get; }
}

using Orleans;

namespace GrainVault;

/// <summary>
/// A database that a grain needs does not answer, so the effect of the call is unknown and a repeat with the same natural
/// key is safe. Front ends translate it into 503 with <c>Retry-After</c>.
/// </summary>
[GenerateSerializer, Alias("gv.DependencyUnavailableException")]
public sealed class DependencyUnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    public DependencyUnavailableException()
    {
    }

    /// <summary>Creates the exception with a message that names the dependency and holds no secret.</summary>
    public DependencyUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its cause.</summary>
    public DependencyUnavailableException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

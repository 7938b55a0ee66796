namespace GrainVault.Silo.Startup;

/// <summary>
/// The process can't start and the operator can do something about it. The message is one line that says what is wrong
/// and what is allowed or needed; programs print it without a stack trace and end with <see cref="ExitCode"/>.
/// </summary>
public sealed class StartRefusedException : Exception
{
    /// <summary>Exit code of a process whose start was refused.</summary>
    public const int ExitCode = 2;

    /// <summary>Creates the exception; line breaks in <paramref name="message"/> become spaces.</summary>
    public StartRefusedException(string message, Exception? innerException = null)
        : base(message.ReplaceLineEndings(" ").Trim(), innerException)
    {
    }
}

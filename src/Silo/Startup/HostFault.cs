namespace GrainVault.Silo.Startup;

/// <summary>
/// Ends a program that has started but must not go on, for a reason that the operator can mend: stops the host, and
/// <see cref="GrainVaultHost"/> says the reason and ends with <see cref="StartRefusedException.ExitCode"/>.
/// </summary>
/// <param name="lifetime">The host.</param>
public sealed class HostFault(IHostApplicationLifetime lifetime)
{
    private StartRefusedException? _refusal;

    /// <summary>Why the program ends; null as long as it may go on.</summary>
    public StartRefusedException? Refusal => Volatile.Read(ref _refusal);

    /// <summary>Stops the host; only the first reason counts.</summary>
    public void Stop(StartRefusedException refusal)
    {
        Interlocked.CompareExchange(ref _refusal, refusal, null);
        lifetime.StopApplication();
    }
}

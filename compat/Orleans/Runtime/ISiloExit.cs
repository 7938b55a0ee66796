using Microsoft.Extensions.Hosting;

namespace Orleans.Runtime;

/// <summary>Ends the process of a silo that the others have declared dead.</summary>
internal interface ISiloExit
{
    /// <summary>Stops the host; does not wait for it.</summary>
    void Exit();
}

/// <summary>Stops the host with an exit code that makes a supervisor start the silo again, as a new one.</summary>
internal sealed class SiloExit(IHostApplicationLifetime lifetime) : ISiloExit
{
    /// <summary>The process's exit code after its silo was declared dead.</summary>
    internal const int DeclaredDeadCode = 3;

    public void Exit()
    {
        Environment.ExitCode = DeclaredDeadCode;
        lifetime.StopApplication();
    }
}

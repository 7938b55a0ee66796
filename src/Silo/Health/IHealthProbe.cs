namespace GrainVault.Silo.Health;

/// <summary>Asks one dependency whether it works.</summary>
public interface IHealthProbe
{
    /// <summary>Name of the dependency as <c>/healthz/ready</c> shows it, for example <c>postgres</c>.</summary>
    string Name { get; }

    /// <summary>Returns null when the dependency works, otherwise one line that says what is wrong, without secrets.</summary>
    Task<string?> FindFaultAsync(CancellationToken cancellationToken);
}

namespace Orleans.Runtime;

/// <summary>Something that must be ready before the silo takes calls.</summary>
internal interface IStartsWithSilo
{
    /// <summary>Gets ready.</summary>
    /// <exception cref="OrleansConfigurationException">It never will be.</exception>
    Task StartAsync(CancellationToken cancellationToken);
}

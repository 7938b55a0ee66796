namespace GrainVault.Runtime.Tests.Cluster;

[Alias("test.ISpreadGrain")]
public interface ISpreadGrain : IGrainWithStringKey
{
    /// <summary>The name of the silo that the activation is in, and how many calls it has had.</summary>
    [Alias("Visit")]
    Task<string> Visit();
}

[GrainType("spread")]
public sealed class SpreadGrain(ILocalSiloDetails silo) : Grain, ISpreadGrain
{
    private int _visitCount;

    public Task<string> Visit() => Task.FromResult($"{silo.Name}:{++_visitCount}");
}

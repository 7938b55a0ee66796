using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Bench.GrainCalls;

[Alias("bench.IEchoGrain")]
public interface IEchoGrain : IGrainWithStringKey
{
    /// <summary>A call with nothing but a number, so that what is measured is the runtime.</summary>
    [Alias("Echo")]
    Task<int> Echo(int value);

    [Alias("Read"), ReadOnly]
    Task<Descriptor> Read(Descriptor value, CancellationToken cancellationToken = default);
}

[GenerateSerializer, Immutable, Alias("bench.Descriptor")]
public sealed record Descriptor([property: Id(0)] string Name, [property: Id(1)] long SizeBytes);

[GrainType("echo")]
public sealed class EchoGrain : Grain, IEchoGrain
{
    public Task<int> Echo(int value) => Task.FromResult(value);

    public Task<Descriptor> Read(Descriptor value, CancellationToken cancellationToken = default) => Task.FromResult(value);
}

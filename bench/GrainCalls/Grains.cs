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

    /// <summary>Takes a part's worth of content; returns its size in bytes.</summary>
    [Alias("Take")]
    Task<int> Take(Content content);

    /// <summary>The process that the grain lives in.</summary>
    [Alias("ProcessId")]
    Task<int> ProcessId();
}

[GenerateSerializer, Immutable, Alias("bench.Descriptor")]
public sealed record Descriptor([property: Id(0)] string Name, [property: Id(1)] long SizeBytes);

[GenerateSerializer, Immutable, Alias("bench.Content")]
public sealed record Content([property: Id(0)] ReadOnlyMemory<byte> Bytes);

[GrainType("echo")]
public sealed class EchoGrain : Grain, IEchoGrain
{
    public Task<int> Echo(int value) => Task.FromResult(value);

    public Task<Descriptor> Read(Descriptor value, CancellationToken cancellationToken = default) => Task.FromResult(value);

    public Task<int> Take(Content content) => Task.FromResult(content.Bytes.Length);

    public Task<int> ProcessId() => Task.FromResult(Environment.ProcessId);
}

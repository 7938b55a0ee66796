using System.Diagnostics;
using GrainVault.Runtime.Tests.Calls;
using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Bundled.Messaging;

[Alias("test.IRemoteGrain")]
public interface IRemoteGrain : IGrainWithStringKey
{
    /// <summary>The silo that it runs on.</summary>
    [Alias("Where")]
    Task<string> Where();

    [Alias("Echo")]
    Task<Tree> Echo(Tree tree);

    [Alias("Add")]
    Task<int> Add(int left, int right);

    [Alias("Fail")]
    Task Fail(string message);

    [Alias("Get")]
    Task<string?> Get(string key);

    [Alias("TraceId")]
    Task<string?> TraceId();

    /// <summary>Where another grain runs that this one calls.</summary>
    [Alias("WhereIs")]
    Task<string> WhereIs(IRemoteGrain other);

    /// <summary>Reaches a phase, then waits for another.</summary>
    [Alias("Wait")]
    Task<string> Wait(string reached, string until);

    /// <summary>The same, but keeps the thread.</summary>
    [Alias("Block")]
    Task Block(string reached, string until);

    [Alias("WaitForCancellation")]
    Task WaitForCancellation(string reached, string cancelled, CancellationToken cancellationToken = default);

    [Alias("Short"), ResponseTimeout("00:00:02")]
    Task WaitShortly(string reached, string until, CancellationToken cancellationToken = default);

    [Alias("Sum")]
    Task<long> Sum(Content content, string reached, string until);

    [Alias("ShortSum"), ResponseTimeout("00:00:03")]
    Task<long> SumShortly(Content content);

    /// <summary>Does nothing with what it gets.</summary>
    [Alias("Drop")]
    Task<int> Drop(Content content);

    /// <summary>The value that all bytes have; -1 when they differ.</summary>
    [Alias("ValueOf")]
    Task<int> ValueOf(Content content, CancellationToken cancellationToken = default);

    [Alias("Fill")]
    Task<Content> Fill(int sizeBytes);
}

[GrainType("remote")]
public sealed class RemoteGrain(ILocalSiloDetails silo, Phases phases) : Grain, IRemoteGrain
{
    public Task<string> Where() => Task.FromResult(silo.SiloAddress.ToParsableString());

    public Task<Tree> Echo(Tree tree) => Task.FromResult(tree);

    public Task<int> Add(int left, int right) => Task.FromResult(left + right);

    public Task Fail(string message) => throw new CalculatorException(message);

    public Task<string?> Get(string key) => Task.FromResult(RequestContext.Get(key) as string);

    public Task<string?> TraceId() => Task.FromResult(Activity.Current?.TraceId.ToString());

    public Task<string> WhereIs(IRemoteGrain other) => other.Where();

    public async Task<string> Wait(string reached, string until)
    {
        phases.Reach(reached);
        await phases.WaitFor(until);
        return silo.SiloAddress.ToParsableString();
    }

    public Task Block(string reached, string until)
    {
        phases.Reach(reached);
        phases.WaitFor(until).Wait();
        return Task.CompletedTask;
    }

    public async Task WaitForCancellation(string reached, string cancelled, CancellationToken cancellationToken = default)
    {
        phases.Reach(reached);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            phases.Reach(cancelled);
            throw;
        }
    }

    public Task WaitShortly(string reached, string until, CancellationToken cancellationToken = default) =>
        WaitForCancellation(reached, until, cancellationToken);

    public async Task<long> Sum(Content content, string reached, string until)
    {
        phases.Reach(reached);
        await phases.WaitFor(until);
        return SumOf(content.Bytes.Span);
    }

    public Task<long> SumShortly(Content content)
    {
        var sum = SumOf(content.Bytes.Span);
        phases.Reach("sum");
        phases.Reach($"sum: {sum}");
        return Task.FromResult(sum);
    }

    public Task<int> Drop(Content content) => Task.FromResult(content.Bytes.Length);

    public Task<int> ValueOf(Content content, CancellationToken cancellationToken = default)
    {
        var first = content.Bytes.Span[0];
        if (!content.Bytes.Span.ContainsAnyExcept(first))
            return Task.FromResult<int>(first);
        phases.Reach("torn");
        return Task.FromResult(-1);
    }

    public Task<Content> Fill(int sizeBytes)
    {
        var bytes = new byte[sizeBytes];
        Array.Fill(bytes, (byte)1);
        return Task.FromResult(new Content(bytes));
    }

    internal static long SumOf(ReadOnlySpan<byte> bytes)
    {
        long sum = 0;
        foreach (var value in bytes)
            sum += value;
        return sum;
    }
}

[Alias("test.INearGrain")]
public interface INearGrain : IGrainWithStringKey
{
    [Alias("Where")]
    Task<string> Where();

    [Alias("Sum")]
    Task<long> Sum(Content content);
}

[GrainType("near"), StatelessWorker(2)]
public sealed class NearGrain(ILocalSiloDetails silo) : Grain, INearGrain
{
    public Task<string> Where() => Task.FromResult(silo.SiloAddress.ToParsableString());

    public Task<long> Sum(Content content) => Task.FromResult(RemoteGrain.SumOf(content.Bytes.Span));
}

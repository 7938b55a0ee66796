namespace GrainVault.Runtime.Tests.Calls;

[Alias("test.ICalculatorBase")]
public interface ICalculatorBase : IGrainWithStringKey
{
    [Alias("Key")]
    Task<string> Key();
}

[Alias("test.ICalculatorGrain")]
public interface ICalculatorGrain : ICalculatorBase
{
    [Alias("Add")]
    Task<int> Add(int left, int right);

    [Alias("AddFast")]
    ValueTask<int> AddFast(int left, int right);

    [Alias("AddMany")]
    Task<long> Add(List<long> values);

    [Alias("Nothing")]
    Task Nothing();

    [Alias("NothingFast")]
    ValueTask NothingFast();

    [Alias("Later")]
    Task<int> Later(int value);

    [Alias("NothingLater")]
    ValueTask NothingLater();

    [Alias("MaybeNull")]
    Task<string?> MaybeNull(string? value);

    [Alias("Nullable")]
    Task<long?> Nullable(long? value);

    [Alias("Fail")]
    Task Fail(string message);

    [Alias("FailAtOnce")]
    Task<int> FailAtOnce(string message);

    [Alias("FailWithShared")]
    Task FailWithShared();

    [Alias("AskOther")]
    Task<int> AskOther(ICalculatorGrain other, int left, int right);

    [Alias("Self")]
    Task<ICalculatorGrain> Self();
}

[GenerateSerializer, Alias("test.CalculatorException")]
public sealed class CalculatorException : Exception
{
    public CalculatorException(string message) : base(message)
    {
    }
}

[GrainType("calculator")]
public sealed class CalculatorGrain : Grain, ICalculatorGrain
{
    private static readonly InvalidOperationException Shared = new("shared");

    public Task<string> Key() => Task.FromResult(this.GetPrimaryKeyString());

    public Task<int> Add(int left, int right) => Task.FromResult(left + right);

    public ValueTask<int> AddFast(int left, int right) => ValueTask.FromResult(left + right);

    public Task<long> Add(List<long> values) => Task.FromResult(values.Sum());

    public Task Nothing() => Task.CompletedTask;

    public ValueTask NothingFast() => ValueTask.CompletedTask;

    public async Task<int> Later(int value)
    {
        await Task.Yield();
        return value;
    }

    public async ValueTask NothingLater() => await Task.Yield();

    public Task<string?> MaybeNull(string? value) => Task.FromResult(value);

    public Task<long?> Nullable(long? value) => Task.FromResult(value);

    public async Task Fail(string message)
    {
        await Task.Yield();
        throw new CalculatorException(message);
    }

    public Task<int> FailAtOnce(string message) => throw new ArgumentException(message);

    public Task FailWithShared() => Task.FromException(Shared);

    public Task<int> AskOther(ICalculatorGrain other, int left, int right) => other.Add(left, right);

    public Task<ICalculatorGrain> Self() => Task.FromResult(this.AsReference<ICalculatorGrain>());
}

[Alias("test.IInternalGrain")]
internal interface IInternalGrain : IGrainWithStringKey
{
    [Alias("Turn")]
    Task<InternalRecord> Turn(InternalRecord record);
}

[GenerateSerializer, Alias("test.InternalRecord")]
internal sealed record InternalRecord([property: Id(0)] string Text, [property: Id(1)] List<InternalStatus> States);

[GenerateSerializer, Alias("test.InternalStatus")]
internal enum InternalStatus
{
    [Id(0)] Off,
    [Id(1)] On,
}

[GrainType("internal")]
internal sealed class InternalGrain : Grain, IInternalGrain
{
    public Task<InternalRecord> Turn(InternalRecord record) =>
        Task.FromResult(record with { States = [.. record.States.Select(state => state == InternalStatus.On ? InternalStatus.Off : InternalStatus.On)] });
}

[Alias("test.IManyGrain")]
public interface IManyGrain : IGrainWithStringKey
{
    [Alias("Name")]
    Task<string> Name();
}

[GrainType("many-one")]
public sealed class ManyOneGrain : Grain, IManyGrain
{
    public Task<string> Name() => Task.FromResult("one");
}

[GrainType("many-two")]
public sealed class ManyTwoGrain : Grain, IManyGrain
{
    public Task<string> Name() => Task.FromResult("two");
}

[Alias("test.IOrphanGrain")]
public interface IOrphanGrain : IGrainWithStringKey
{
    [Alias("Nothing")]
    Task Nothing();
}

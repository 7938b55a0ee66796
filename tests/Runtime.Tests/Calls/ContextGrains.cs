using System.Diagnostics;

namespace GrainVault.Runtime.Tests.Calls;

[Alias("test.IContextGrain")]
public interface IContextGrain : IGrainWithStringKey
{
    [Alias("Get")]
    Task<string?> Get(string key);

    [Alias("GetThrough")]
    Task<string?> GetThrough(IContextGrain other, string key);

    [Alias("Set")]
    Task Set(string key, string value);

    [Alias("Ambient")]
    Task<string?> Ambient();

    [Alias("TraceId")]
    Task<string?> TraceId();

    [Alias("Multiply")]
    Task<int> Multiply(int left, int right);

    [Alias("Fail")]
    Task Fail();
}

[GrainType("context")]
public sealed class ContextGrain : Grain, IContextGrain
{
    public static readonly AsyncLocal<string?> AmbientValue = new();

    public async Task<string?> Get(string key)
    {
        var before = RequestContext.Get(key) as string;
        await Task.Yield();
        return RequestContext.Get(key) as string == before ? before : "lost";
    }

    public Task<string?> GetThrough(IContextGrain other, string key) => other.Get(key);

    public Task Set(string key, string value)
    {
        RequestContext.Set(key, value);
        return Task.CompletedTask;
    }

    public Task<string?> Ambient() => Task.FromResult(AmbientValue.Value);

    public Task<string?> TraceId() => Task.FromResult(Activity.Current?.TraceId.ToString());

    public Task<int> Multiply(int left, int right) => Task.FromResult(left * right);

    public Task Fail() => throw new InvalidOperationException("no");
}

[Alias("test.IFilteringGrain")]
public interface IFilteringGrain : IGrainWithStringKey
{
    [Alias("Seen")]
    Task<List<string>> Seen();
}

[GrainType("filtering")]
public sealed class FilteringGrain : Grain, IFilteringGrain, IIncomingGrainCallFilter
{
    private readonly List<string> _seen = [];

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        _seen.Add(context.MethodName);
        await context.Invoke();
    }

    public Task<List<string>> Seen() => Task.FromResult(_seen);
}

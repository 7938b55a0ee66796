using System.Diagnostics;
using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Calls;

public sealed class ContextTests(TestSilo silo) : IClassFixture<TestSilo>
{
    [Fact]
    public async Task Request_context_flows_with_a_call_and_on()
    {
        RequestContext.Set("user", "u-1");
        var grain = silo.Grain<IContextGrain>();
        Assert.Equal("u-1", await grain.Get("user"));
        Assert.Equal("u-1", await grain.GetThrough(silo.Grain<IContextGrain>(), "user"));
        RequestContext.Clear();
        Assert.Null(await grain.Get("user"));
    }

    [Fact]
    public async Task Request_context_does_not_flow_back()
    {
        RequestContext.Set("user", "mine");
        await silo.Grain<IContextGrain>().Set("user", "theirs");
        Assert.Equal("mine", RequestContext.Get("user"));
    }

    [Fact]
    public async Task What_a_call_sets_is_not_there_in_the_next()
    {
        var grain = silo.Grain<IContextGrain>();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(index =>
            index % 2 == 0 ? grain.Set("leak", "yes") : CheckAsync()));

        async Task CheckAsync() => Assert.Null(await grain.Get("leak"));
    }

    [Fact]
    public async Task Calls_at_once_keep_their_contexts_apart()
    {
        var grain = silo.Grain<IContextGrain>();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async index =>
        {
            RequestContext.Set("number", $"{index}");
            Assert.Equal($"{index}", await grain.Get("number"));
        }));
    }

    [Fact]
    public async Task Ambient_values_of_the_caller_stay_with_the_caller()
    {
        ContextGrain.AmbientValue.Value = "caller";
        Assert.Null(await silo.Grain<IContextGrain>().Ambient());
        Assert.Equal("caller", ContextGrain.AmbientValue.Value);
    }

    [Fact]
    public async Task Removed_value_is_gone()
    {
        RequestContext.Set("a", "1");
        RequestContext.Set("b", "2");
        Assert.True(RequestContext.Remove("a"));
        Assert.False(RequestContext.Remove("a"));
        var grain = silo.Grain<IContextGrain>();
        Assert.Null(await grain.Get("a"));
        Assert.Equal("2", await grain.Get("b"));
    }

    [Fact]
    public async Task Trace_of_the_caller_goes_on_in_the_grain()
    {
        await using var tracing = await TestSilo.StartAsync(builder => builder.AddActivityPropagation());
        using var listener = new ActivityListener
        {
            ShouldListenTo = static _ => true,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        Assert.Equal(activity.TraceId.ToString(), await tracing.Grain<IContextGrain>().TraceId());
        Assert.Same(activity, Activity.Current);
    }
}

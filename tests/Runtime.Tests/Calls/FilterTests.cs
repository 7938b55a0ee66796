using System.Collections.Concurrent;
using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Calls;

public sealed class FilterTests
{
    [Fact]
    public async Task Filters_wrap_every_call_in_their_order()
    {
        var steps = new ConcurrentQueue<string>();
        await using var silo = await TestSilo.StartAsync(builder =>
        {
            builder.AddIncomingGrainCallFilter(context => StepAsync(context, "outer", steps));
            builder.AddIncomingGrainCallFilter(context => StepAsync(context, "inner", steps));
        });
        Assert.Equal(6, await silo.Grain<IContextGrain>().Multiply(2, 3));
        Assert.Equal(["outer in", "inner in", "inner out", "outer out"], steps);
    }

    [Fact]
    public async Task Filter_sees_the_call_and_may_change_its_result()
    {
        var seen = new ConcurrentQueue<string>();
        await using var silo = await TestSilo.StartAsync(builder => builder.AddIncomingGrainCallFilter(async context =>
        {
            await context.Invoke();
            seen.Enqueue($"{context.InterfaceMethod.Name} {context.ImplementationMethod.DeclaringType!.Name} {context.TargetId} {context.Grain.GetType().Name}");
            if (context.Result is int number)
                context.Result = number + 1;
        }));
        Assert.Equal(7, await silo.Grain<IContextGrain>("c-1").Multiply(2, 3));
        Assert.Equal(["Multiply ContextGrain context/c-1 ContextGrain"], seen);
    }

    [Fact]
    public async Task Filter_sees_and_may_replace_a_failure()
    {
        await using var silo = await TestSilo.StartAsync(builder => builder.AddIncomingGrainCallFilter(async context =>
        {
            try
            {
                await context.Invoke();
            }
            catch (InvalidOperationException failure)
            {
                throw new NotSupportedException("filtered", failure);
            }
        }));
        var failure = await Assert.ThrowsAsync<NotSupportedException>(() => silo.Grain<IContextGrain>().Fail());
        Assert.Equal("filtered", failure.Message);
    }

    [Fact]
    public async Task Filter_may_refuse_a_call()
    {
        await using var silo = await TestSilo.StartAsync(builder =>
            builder.AddIncomingGrainCallFilter(_ => throw new UnauthorizedAccessException("no")));
        await Assert.ThrowsAsync<UnauthorizedAccessException>(() => silo.Grain<IContextGrain>().Multiply(1, 1));
    }

    [Fact]
    public async Task Filter_class_gets_its_services()
    {
        await using var silo = await TestSilo.StartAsync(builder => builder.AddIncomingGrainCallFilter<CountingFilter>());
        await silo.Grain<IContextGrain>().Multiply(1, 1);
        Assert.Equal(1, silo.Phases.CountOf("filtered"));
    }

    [Fact]
    public async Task Grain_filters_its_own_calls()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grain<IFilteringGrain>();
        await grain.Seen();
        Assert.Equal(["Seen", "Seen"], await grain.Seen());
    }

    private static async Task StepAsync(IIncomingGrainCallContext context, string name, ConcurrentQueue<string> steps)
    {
        steps.Enqueue($"{name} in");
        await context.Invoke();
        steps.Enqueue($"{name} out");
    }

    public sealed class CountingFilter(Phases phases, IGrainFactory grains) : IIncomingGrainCallFilter
    {
        public Task Invoke(IIncomingGrainCallContext context)
        {
            Assert.NotNull(grains);
            phases.Reach("filtered");
            return context.Invoke();
        }
    }
}

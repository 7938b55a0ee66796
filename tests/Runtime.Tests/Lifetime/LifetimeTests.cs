using System.Diagnostics;
using GrainVault.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace GrainVault.Runtime.Tests.Lifetime;

public sealed class LifetimeSilo : TestSilo
{
    protected override void AddStores(ISiloBuilder silo)
    {
        base.AddStores(silo);
        silo.Services.AddScoped<ScopedThing>();
    }
}

public sealed class LifetimeTests(LifetimeSilo silo) : IClassFixture<LifetimeSilo>
{
    [Fact]
    public async Task Reference_activates_nothing_and_the_first_call_does()
    {
        var grain = silo.Grain<ILifeGrain>("first");
        Assert.Equal(0, silo.Phases.CountOf("activated first"));
        Assert.Equal(1, await grain.Activation());
    }

    [Fact]
    public async Task Many_first_calls_make_one_activation()
    {
        var grain = silo.Grain<ILifeGrain>("many");
        var activations = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(grain.Activation)));
        Assert.All(activations, activation => Assert.Equal(1, activation));
        Assert.Equal(1, silo.Phases.CountOf("activated many"));
    }

    [Fact]
    public async Task Activation_that_is_ended_makes_way_for_a_new_one()
    {
        var grain = silo.Grain<ILifeGrain>("ended");
        var scope = await grain.Scope();
        await grain.End();
        await silo.Phases.WaitFor("ended ended ApplicationRequested");
        Assert.Equal(2, await grain.Activation());
        Assert.NotEqual(scope, await grain.Scope());
        await silo.Phases.WaitFor("scope ended ended");
    }

    [Fact]
    public async Task Scope_of_services_belongs_to_one_activation()
    {
        var first = silo.Grain<ILifeGrain>();
        var second = silo.Grain<ILifeGrain>();
        Assert.Equal(await first.Scope(), await first.Scope());
        Assert.NotEqual(await first.Scope(), await second.Scope());
    }

    [Fact]
    public async Task Calls_that_wait_for_an_ending_activation_go_to_the_next()
    {
        var grain = silo.Grain<ILifeGrain>("drained");
        var ending = grain.EndDuring("drained");
        await silo.Phases.WaitFor("entered drained");
        var waiting = Enumerable.Range(0, 20).Select(_ => grain.Activation()).ToArray();
        silo.Phases.Reach("go drained");
        Assert.Equal(1, await ending);
        Assert.All(await Task.WhenAll(waiting), activation => Assert.Equal(2, activation));
        Assert.Equal(1, silo.Phases.CountOf("ended drained"));
    }

    [Fact]
    public async Task Failed_activation_fails_its_callers_and_the_next_call_tries_again()
    {
        var grain = silo.Grain<IStubbornGrain>("s");
        var failure = await Assert.ThrowsAsync<InvalidDataException>(grain.Touch);
        Assert.Equal("not yet", failure.Message);
        Assert.Equal(2, await grain.Touch());
    }

    [Fact]
    public async Task Failed_constructor_fails_the_call()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => silo.Grain<IBrokenGrain>().Touch());
        Assert.Contains("never", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slow_activation_is_cancelled()
    {
        await using var hasty = await TestSilo.StartAsync(builder =>
            builder.Configure<GrainCollectionOptions>(options => options.ActivationTimeout = TimeSpan.FromMilliseconds(200)));
        await Assert.ThrowsAnyAsync<Exception>(() => hasty.Grain<IEndlessGrain>().Touch());
        await hasty.Phases.WaitFor("endless cancelled");
    }
}

public sealed class CollectionTests
{
    [Fact]
    public async Task Idle_activation_is_collected_and_a_used_or_delayed_one_is_not()
    {
        await using var silo = await TestSilo.StartAsync(builder =>
        {
            builder.Services.AddScoped<ScopedThing>();
            builder.Configure<GrainCollectionOptions>(options =>
            {
                options.CollectionQuantum = TimeSpan.FromMilliseconds(200);
                options.CollectionAge = TimeSpan.FromSeconds(2);
            });
        });
        var idle = silo.Grain<ILifeGrain>("idle");
        var delayed = silo.Grain<ILifeGrain>("delayed");
        var used = silo.Grain<ILifeGrain>("used");
        await idle.Activation();
        await delayed.Delay(TimeSpan.FromHours(1));
        await Phases.Until(
            () =>
            {
                _ = used.Activation();
                return silo.Phases.IsReached("ended idle ActivationIdle");
            },
            "the idle activation is collected");
        Assert.False(silo.Phases.IsReached("ended delayed"));
        Assert.Equal(1, await used.Activation());
        Assert.Equal(2, await idle.Activation());
    }
}

public sealed class StopTests
{
    [Fact]
    public async Task Orderly_stop_ends_every_activation()
    {
        var silo = await TestSilo.StartAsync(builder => builder.Services.AddScoped<ScopedThing>());
        var grains = Enumerable.Range(0, 20).Select(index => silo.Grain<ILifeGrain>($"stop-{index}")).ToArray();
        await Task.WhenAll(grains.Select(grain => grain.Activation()));
        await silo.StopAsync();
        for (var index = 0; index < grains.Length; index++)
            Assert.True(silo.Phases.IsReached($"ended stop-{index} ShuttingDown"));
        await silo.DisposeAsync();
    }

    [Fact]
    public async Task Call_of_a_stopped_silo_fails()
    {
        var silo = await TestSilo.StartAsync(builder => builder.Services.AddScoped<ScopedThing>());
        var grain = silo.Grain<ILifeGrain>();
        await grain.Activation();
        await silo.StopAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => grain.Activation().WaitAsync(Phases.Patience));
        await silo.DisposeAsync();
    }

    [Fact]
    public async Task Activation_that_does_not_end_does_not_keep_the_silo()
    {
        var silo = await TestSilo.StartAsync(builder =>
        {
            builder.Configure<GrainCollectionOptions>(options => options.DeactivationTimeout = TimeSpan.FromMilliseconds(300));
            builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(20));
        });
        await silo.Grain<IStuckGrain>("a").Touch();
        var hanging = silo.Grain<IStuckGrain>("b").Hang();
        await silo.Phases.WaitFor("hanging");
        var clock = Stopwatch.StartNew();
        await silo.StopAsync();
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(19), $"Stopping took {clock.Elapsed}.");
        await Assert.ThrowsAnyAsync<Exception>(() => hanging.WaitAsync(Phases.Patience));
        await silo.DisposeAsync();
    }
}

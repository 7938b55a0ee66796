using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.RateLimits;
using GrainVault.Options;
using GrainVault.RateLimits;
using GrainVault.Silo.Postgres;
using GrainVault.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Orleans;
using Orleans.Hosting;

namespace GrainVault.Api.Tests.RateLimits;

/// <summary>A silo with the owners of budgets, whose clock a test moves, and front ends that share it.</summary>
internal sealed class BudgetOwners : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly LimitsOptions _limits;

    private BudgetOwners(IHost host, LimitsOptions limits, ManualTime time) => (_host, _limits, Time) = (host, limits, time);

    public ManualTime Time { get; }

    public static async Task<BudgetOwners> StartAsync(LimitsOptions limits)
    {
        var time = new ManualTime();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSingleton(Microsoft.Extensions.Options.Options.Create(limits));
        builder.UseOrleans(silo =>
            silo.UseLocalhostClustering(LoopbackPorts.FindFree(), LoopbackPorts.FindFree(), serviceId: "test", clusterId: Guid.NewGuid().ToString("n")));
        var host = builder.Build();
        await host.StartAsync();
        return new BudgetOwners(host, limits, time);
    }

    /// <summary>Another front end.</summary>
    public RateLimiter FrontEnd(FrontEndLimits? here = null) =>
        Create(_limits, _host.Services.GetRequiredService<IGrainFactory>(), Time, here);

    /// <summary>A front end whose owners do what the test wants.</summary>
    public static RateLimiter FrontEnd(LimitsOptions limits, ManualTime time, Func<long, Task<RateLease>> lease, FrontEndLimits? here = null)
    {
        var owner = Substitute.For<IRateLimitGrain>();
        owner.LeaseAsync(default, default).ReturnsForAnyArgs(call => lease(call.Arg<long>()));
        return FrontEnd(limits, time, owner, here);
    }

    /// <summary>A front end that has one owner for all budgets.</summary>
    public static RateLimiter FrontEnd(LimitsOptions limits, ManualTime time, IRateLimitGrain owner, FrontEndLimits? here = null)
    {
        var grains = Substitute.For<IGrainFactory>();
        grains.GetGrain<IRateLimitGrain>(default(string)!).ReturnsForAnyArgs(owner);
        return Create(limits, grains, time, here);
    }

    /// <summary>How many of a number of requests at once are admitted.</summary>
    public static async Task<int> AdmittedAsync(LeasedRates<string> rates, string user, int count)
    {
        var decisions = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => TakeAsync(rates, user)));
        return decisions.Count(decision => decision.IsAdmitted);
    }

    public static Task<RateDecision> TakeAsync(LeasedRates<string> rates, string user) =>
        rates.TryTake(user, out var decision, out var deciding) ? Task.FromResult(decision) : deciding;

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private static RateLimiter Create(LimitsOptions limits, IGrainFactory grains, ManualTime time, FrontEndLimits? here)
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>();
        var health = new RateLimitHealth(new GatewayInstruments(meters), NullLogger<RateLimitHealth>.Instance);
        return new RateLimiter(limits, here ?? new FrontEndLimits(), grains, health, time, NullLogger<ScarceRate>.Instance);
    }
}

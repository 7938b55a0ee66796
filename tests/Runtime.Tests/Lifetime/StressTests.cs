using System.Collections.Concurrent;
using GrainVault.Runtime.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Xunit.Abstractions;

namespace GrainVault.Runtime.Tests.Lifetime;

[Alias("test.IStressedGrain")]
public interface IStressedGrain : IGrainWithStringKey
{
    [Alias("Add")]
    Task<int> Add(int number, bool thenEnd);

    [Alias("AddSlowly")]
    Task<int> AddSlowly(int number);

    [Alias("Read"), ReadOnly]
    Task<int> Read(int number);

    [Alias("Pass")]
    Task<int> Pass(IStressedGrain other, int number);
}

/// <summary>What all activations of one key do at the same moment.</summary>
public sealed class StressRecord
{
    private readonly ConcurrentDictionary<string, int> _active = new();

    public int Overlaps;
    public int Activations;

    public void Enter(string key)
    {
        Interlocked.Increment(ref Activations);
        if (_active.AddOrUpdate(key, 1, static (_, count) => count + 1) > 1)
            Interlocked.Increment(ref Overlaps);
    }

    public void Leave(string key) => _active.AddOrUpdate(key, 0, static (_, count) => count - 1);
}

[GrainType("stressed")]
public sealed class StressedGrain(StressRecord record) : Grain, IStressedGrain
{
    private bool _isWriting;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        record.Enter(this.GetPrimaryKeyString());
        await Task.Yield();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        record.Leave(this.GetPrimaryKeyString());
    }

    public Task<int> Add(int number, bool thenEnd)
    {
        Assert.False(_isWriting);
        if (thenEnd)
            DeactivateOnIdle();
        return Task.FromResult(number + 1);
    }

    public async Task<int> AddSlowly(int number)
    {
        Assert.False(_isWriting);
        _isWriting = true;
        await Task.Yield();
        _isWriting = false;
        return number + 1;
    }

    public async Task<int> Read(int number)
    {
        Assert.False(_isWriting);
        await Task.Yield();
        Assert.False(_isWriting);
        return number + 1;
    }

    public Task<int> Pass(IStressedGrain other, int number) => other.AddSlowly(number);
}

public sealed class StressTests(ITestOutputHelper output)
{
    private const int CallerCount = 16;
    private const int CallsPerCaller = 1500;

    [Fact]
    public async Task No_call_is_lost_and_no_grain_has_two_activations_while_activations_come_and_go()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var record = new StressRecord();
        await using var silo = await TestSilo.StartAsync(builder =>
        {
            builder.Services.AddSingleton(record);
            builder.Configure<GrainCollectionOptions>(options =>
            {
                options.CollectionQuantum = TimeSpan.FromMilliseconds(5);
                options.CollectionAge = TimeSpan.FromMilliseconds(10);
            });
        });
        // Grains call only grains further on, so that no two wait for each other.
        var grains = Enumerable.Range(0, 8).Select(index => silo.Grain<IStressedGrain>($"s-{index}")).ToArray();
        await Task.WhenAll(Enumerable.Range(0, CallerCount).Select(caller => Task.Run(() => CallAsync(grains, new Random(seed + caller)))));
        Assert.Equal(0, record.Overlaps);
        Assert.True(record.Activations > grains.Length, "No activation ended during the test.");
    }

    private static async Task CallAsync(IStressedGrain[] grains, Random random)
    {
        for (var number = 0; number < CallsPerCaller; number++)
        {
            var index = random.Next(grains.Length - 1);
            var answer = random.Next(5) switch
            {
                0 => grains[index].Add(number, thenEnd: random.Next(10) == 0),
                1 => grains[index].AddSlowly(number),
                2 => grains[index].Pass(grains[^1], number),
                _ => grains[index].Read(number),
            };
            Assert.Equal(number + 1, await answer);
        }
    }
}

using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Turns;

public sealed class StatelessWorkerTests(TestSilo silo) : IClassFixture<TestSilo>
{
    [Fact]
    public async Task Calls_at_once_get_activations_of_their_own()
    {
        var worker = silo.Grain<IWorkerGrain>("w-meet");
        var activations = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => worker.Meet("four", 4)));
        Assert.Equal(4, activations.Distinct().Count());
    }

    [Fact]
    public async Task Calls_beyond_the_limit_wait()
    {
        var worker = silo.Grain<IWorkerGrain>("w-limit");
        var busy = Enumerable.Range(0, 4).Select(index => worker.Wait($"busy {index}")).ToArray();
        for (var index = 0; index < busy.Length; index++)
            await silo.Phases.WaitFor($"entered busy {index}");
        var fifth = worker.Activation();
        Assert.False(fifth.IsCompleted);
        for (var index = 0; index < busy.Length; index++)
            silo.Phases.Reach($"go busy {index}");
        Assert.Contains(await fifth, await Task.WhenAll(busy));
        Assert.Equal(4, silo.Phases.CountOf("activated w-limit"));
    }

    [Fact]
    public async Task Calls_one_after_another_use_activations_again()
    {
        // An answer may be there a moment before its activation counts as idle, so the next call may find another one.
        var worker = silo.Grain<IWorkerGrain>("w-again");
        var activations = new HashSet<Guid>();
        for (var call = 0; call < 50; call++)
            activations.Add(await worker.Activation());
        Assert.InRange(activations.Count, 1, 4);
        Assert.Equal(activations.Count, silo.Phases.CountOf("activated w-again"));
    }
}

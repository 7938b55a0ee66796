using GrainVault.Cluster;
using GrainVault.Files;
using GrainVault.Grains.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace GrainVault.Grains.Tests.Files;

/// <summary>
/// A silo that was declared dead lives on for a moment and removes a file, whose grain has a new owner already. What the new owner
/// read before must not be what it answers afterwards.
/// </summary>
public sealed class DoubledFileTests(DoubledHost host) : IClassFixture<DoubledHost>
{
    [Fact]
    public async Task New_owner_remembers_nothing_while_the_old_one_may_live()
    {
        var user = await host.SignUpAsync();
        var file = (await user.WriteFileAsync("doubled.bin", [1, 2, 3])).Entry!;
        var survivor = (await host.StartTwinAsync()).GetGrain<IFileGrain>(file.Id);
        var dying = user.File(file.Id);
        host.Watch.MayBeDoubled = true;
        Assert.Null((await survivor.GetAsync()).Refusal);

        Assert.Null((await dying.DeleteAsync(permanent: true)).Refusal);

        Assert.Equal(RefusalReason.NotFound, (await survivor.GetAsync()).Refusal?.Reason);
        Assert.Equal(RefusalReason.NotFound, (await survivor.OpenContentAsync(null)).Refusal?.Reason);
    }
}

/// <summary>A silo that is told when its grains may have another activation.</summary>
public sealed class DoubledHost : GrainsHost
{
    internal TestWatch Watch { get; } = new();

    protected override void Configure(IServiceCollection services) => services.AddSingleton<IOwnerWatch>(Watch);

    internal sealed class TestWatch : IOwnerWatch
    {
        public bool MayBeDoubled { get; set; }
    }
}

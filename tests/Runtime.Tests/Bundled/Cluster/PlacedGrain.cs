using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Bundled.Cluster;

[Alias("test.IPlacedGrain")]
public interface IPlacedGrain : IGrainWithStringKey
{
    /// <summary>The name of the silo that the activation is in.</summary>
    [Alias("Where")]
    Task<string> Where();

    /// <summary>Waits until the test lets it go.</summary>
    [Alias("Hold")]
    Task<string> Hold(string name);

    [Alias("Remind")]
    Task Remind(TimeSpan period);
}

[GrainType("placed")]
public sealed class PlacedGrain(Phases phases, ILocalSiloDetails silo) : Grain, IPlacedGrain, IRemindable
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        phases.Reach($"{this.GetPrimaryKeyString()} began on {silo.Name}");
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        phases.Reach($"{this.GetPrimaryKeyString()} ended on {silo.Name}");
        return Task.CompletedTask;
    }

    public Task<string> Where() => Task.FromResult(silo.Name);

    public async Task<string> Hold(string name)
    {
        phases.Reach($"entered {name}");
        await phases.WaitFor($"go {name}");
        return silo.Name;
    }

    public Task Remind(TimeSpan period) => this.RegisterOrUpdateReminder("r", TimeSpan.Zero, period);

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        phases.Reach($"{this.GetPrimaryKeyString()} ticked on {silo.Name}");
        return Task.CompletedTask;
    }
}

using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Lifetime;

[Alias("test.ILifeGrain")]
public interface ILifeGrain : IGrainWithStringKey
{
    [Alias("Activation")]
    Task<int> Activation();

    [Alias("Scope")]
    Task<Guid> Scope();

    [Alias("End")]
    Task End();

    [Alias("EndDuring")]
    Task<int> EndDuring(string name);

    [Alias("Delay")]
    Task Delay(TimeSpan time);
}

/// <summary>A service of the activation's scope.</summary>
public sealed class ScopedThing(Phases phases, IGrainContext context) : IDisposable
{
    public Guid Id { get; } = Guid.NewGuid();

    public void Dispose() => phases.Reach($"scope ended {context.GrainId.Key}");
}

[GrainType("life")]
public sealed class LifeGrain(Phases phases, ScopedThing thing, IGrainContext context) : Grain, ILifeGrain
{
    private int _activation;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        phases.Reach($"activated {this.GetPrimaryKeyString()}");
        _activation = phases.CountOf($"activated {this.GetPrimaryKeyString()}");
        Assert.Equal(this.GetGrainId(), context.GrainId);
        Assert.Same(context, GrainContext);
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        phases.Reach($"ended {this.GetPrimaryKeyString()}");
        phases.Reach($"ended {this.GetPrimaryKeyString()} {reason.ReasonCode}");
    }

    public Task<int> Activation() => Task.FromResult(_activation);

    public Task<Guid> Scope() => Task.FromResult(thing.Id);

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<int> EndDuring(string name)
    {
        DeactivateOnIdle();
        phases.Reach($"entered {name}");
        await phases.WaitFor($"go {name}");
        return _activation;
    }

    public Task Delay(TimeSpan time)
    {
        DelayDeactivation(time);
        return Task.CompletedTask;
    }
}

[Alias("test.IStubbornGrain")]
public interface IStubbornGrain : IGrainWithStringKey
{
    [Alias("Touch")]
    Task<int> Touch();
}

/// <summary>Fails in its first activation.</summary>
[GrainType("stubborn")]
public sealed class StubbornGrain(Phases phases) : Grain, IStubbornGrain
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        phases.Reach($"tried {this.GetPrimaryKeyString()}");
        await Task.Yield();
        if (phases.CountOf($"tried {this.GetPrimaryKeyString()}") == 1)
            throw new InvalidDataException("not yet");
    }

    public Task<int> Touch() => Task.FromResult(phases.CountOf($"tried {this.GetPrimaryKeyString()}"));
}

/// <summary>Fails in its constructor.</summary>
[Alias("test.IBrokenGrain")]
public interface IBrokenGrain : IGrainWithStringKey
{
    [Alias("Touch")]
    Task Touch();
}

[GrainType("broken")]
public sealed class BrokenGrain : Grain, IBrokenGrain
{
    public BrokenGrain() => throw new InvalidDataException("never");

    public Task Touch() => Task.CompletedTask;
}

/// <summary>Waits in its activation until it is cancelled.</summary>
[Alias("test.IEndlessGrain")]
public interface IEndlessGrain : IGrainWithStringKey
{
    [Alias("Touch")]
    Task Touch();
}

[GrainType("endless")]
public sealed class EndlessGrain(Phases phases) : Grain, IEndlessGrain
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        phases.Reach("endless entered");
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            phases.Reach("endless cancelled");
            throw;
        }
    }

    public Task Touch() => Task.CompletedTask;
}

[Alias("test.IStuckGrain")]
public interface IStuckGrain : IGrainWithStringKey
{
    [Alias("Touch")]
    Task Touch();

    [Alias("Hang")]
    Task Hang();
}

/// <summary>Never ends by itself.</summary>
[GrainType("stuck")]
public sealed class StuckGrain(Phases phases) : Grain, IStuckGrain
{
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        Task.Delay(Timeout.Infinite, CancellationToken.None);

    public Task Touch() => Task.CompletedTask;

    public Task Hang()
    {
        phases.Reach("hanging");
        return Task.Delay(Timeout.Infinite);
    }
}

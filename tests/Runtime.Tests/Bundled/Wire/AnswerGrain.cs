using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Bundled.Wire;

[GrainType("wire-answer")]
public sealed class AnswerGrain(Phases phases) : Grain, IAnswerGrain
{
    private Preset? _kept;

    public Task<int> Double(int number) => Task.FromResult(2 * number);

    public Task Refuse() => throw new QuotaException("full", 5);

    public Task<object> Unwritable() => Task.FromResult<object>(phases);

    public async Task Wait(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        phases.Reach($"{key} waits");
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        finally
        {
            phases.Reach($"{key} ended");
        }
    }

    public Task<IAnswerGrain> Introduce(IAnswerGrain other) => Task.FromResult(other);

    public Task<Preset> Keep(Preset preset) => Task.FromResult(_kept = preset);
}

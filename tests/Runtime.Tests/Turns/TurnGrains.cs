using GrainVault.Runtime.Tests.Support;

namespace GrainVault.Runtime.Tests.Turns;

[Alias("test.ITurnGrain")]
public interface ITurnGrain : IGrainWithStringKey
{
    /// <summary>Reaches "entered name" and waits for "go name".</summary>
    [Alias("Wait")]
    Task Wait(string name);

    [Alias("ReadWait"), ReadOnly]
    Task ReadWait(string name);

    [Alias("ReadMeet"), ReadOnly]
    Task ReadMeet(string name, int count);

    [Alias("InterleaveWait"), AlwaysInterleave]
    Task InterleaveWait(string name);

    [Alias("Note")]
    Task Note(string name);

    [Alias("Notes"), ReadOnly]
    Task<List<string>> Notes();

    /// <summary>Counts up across awaits; lost counts show overlap.</summary>
    [Alias("CountSlowly")]
    Task CountSlowly();

    [Alias("Count")]
    Task<int> Count();

    [Alias("StaysOnScheduler")]
    Task<bool> StaysOnScheduler();

    [Alias("FanOut")]
    Task<int> FanOut(int count);

    [Alias("CallOn"), ResponseTimeout("00:00:01")]
    Task CallOn(ITurnGrain first, ITurnGrain? then);

    [Alias("ReadCallBack"), ReadOnly]
    Task<int> ReadCallBack(ITurnGrain via, ITurnGrain back);

    [Alias("AskRead")]
    Task<int> AskRead(ITurnGrain other);

    [Alias("ReadNumber"), ReadOnly]
    Task<int> ReadNumber();
}

[GrainType("turn")]
public sealed class TurnGrain(Phases phases) : Grain, ITurnGrain
{
    private readonly List<string> _notes = [];
    private int _count;

    public async Task Wait(string name)
    {
        phases.Reach($"entered {name}");
        await phases.WaitFor($"go {name}");
        _notes.Add(name);
    }

    public Task ReadWait(string name) => Wait(name);

    public Task ReadMeet(string name, int count) => phases.Meet(name, count);

    public Task InterleaveWait(string name) => Wait(name);

    public Task Note(string name)
    {
        phases.Reach($"entered {name}");
        _notes.Add(name);
        return Task.CompletedTask;
    }

    public Task<List<string>> Notes() => Task.FromResult(_notes);

    public async Task CountSlowly()
    {
        var seen = _count;
        await Task.Yield();
        await Task.Delay(1);
        _count = seen + 1;
    }

    public Task<int> Count() => Task.FromResult(_count);

    public async Task<bool> StaysOnScheduler()
    {
        var scheduler = TaskScheduler.Current;
        await Task.Delay(1);
        var afterTimer = TaskScheduler.Current;
        await Task.Run(static () => { });
        var afterPool = TaskScheduler.Current;
        await Task.Yield();
        return scheduler != TaskScheduler.Default && afterTimer == scheduler && afterPool == scheduler && TaskScheduler.Current == scheduler;
    }

    public async Task<int> FanOut(int count)
    {
        // Touches state from many continuations with no lock: sound only if they run one at a time.
        var sum = 0;
        await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            await Task.Yield();
            var seen = sum;
            for (var spin = 0; spin < 50; spin++)
                seen += 0;
            sum = seen + 1;
        }));
        return sum;
    }

    public Task CallOn(ITurnGrain first, ITurnGrain? then) => then is null ? first.Note("end") : first.CallOn(then, null);

    public Task<int> ReadCallBack(ITurnGrain via, ITurnGrain back) => via.AskRead(back);

    public Task<int> AskRead(ITurnGrain other) => other.ReadNumber();

    public Task<int> ReadNumber() => Task.FromResult(42);
}

[Alias("test.IWorkerGrain")]
public interface IWorkerGrain : IGrainWithStringKey
{
    [Alias("Meet")]
    Task<Guid> Meet(string name, int count);

    [Alias("Wait")]
    Task<Guid> Wait(string name);

    [Alias("Activation")]
    Task<Guid> Activation();
}

[GrainType("worker"), StatelessWorker(4)]
public sealed class WorkerGrain(Phases phases) : Grain, IWorkerGrain
{
    private readonly Guid _activation = Guid.NewGuid();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        phases.Reach($"activated {this.GetPrimaryKeyString()}");
        return Task.CompletedTask;
    }

    public async Task<Guid> Meet(string name, int count)
    {
        await phases.Meet(name, count);
        return _activation;
    }

    public async Task<Guid> Wait(string name)
    {
        phases.Reach($"entered {name}");
        await phases.WaitFor($"go {name}");
        return _activation;
    }

    public Task<Guid> Activation() => Task.FromResult(_activation);
}

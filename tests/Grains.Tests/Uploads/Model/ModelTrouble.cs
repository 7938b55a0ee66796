using GrainVault.Storage;
using GrainVault.TestKit.FakeS3;

namespace GrainVault.Grains.Tests.Uploads.Model;

/// <summary>Makes what goes wrong in one step happen, and takes it back afterwards.</summary>
internal sealed class ModelTrouble : IDisposable
{
    private static readonly TimeSpan LagTime = TimeSpan.FromHours(1);

    private readonly ModelHost _host;
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _released;
    private int _callsLeft;

    /// <param name="host">The system.</param>
    /// <param name="kind">What goes wrong.</param>
    /// <param name="call">With which call of the store, from 0.</param>
    /// <param name="released">Ends when a stopped silo goes on.</param>
    public ModelTrouble(ModelHost host, Trouble kind, int call, Task released)
    {
        (_host, Kind, _callsLeft, _released) = (host, kind, call, released);
        var faults = host.Server.Faults;
        switch (kind)
        {
            case Trouble.Lag:
                faults.ListLag = LagTime;
                break;
            case Trouble.Slow:
                faults.Latency = TimeSpan.FromMilliseconds(2);
                break;
            case Trouble.CutBefore:
                host.Store.Before = StopAsync;
                break;
            case Trouble.CutAfter:
                host.Store.After = StopAsync;
                break;
            case not Trouble.None:
                faults.Rule = FaultOf;
                break;
        }
    }

    public Trouble Kind { get; }

    public bool IsCut => Kind is Trouble.CutBefore or Trouble.CutAfter;

    /// <summary>The silo has stopped.</summary>
    public bool HasCut => _reached.Task.IsCompleted;

    /// <summary>Ends when the silo has stopped.</summary>
    public Task Reached => _reached.Task;

    public void Dispose()
    {
        _host.Server.Faults.Clear();
        (_host.Store.Before, _host.Store.After) = (null, null);
    }

    private Task StopAsync(string name, string key)
    {
        if (Interlocked.Decrement(ref _callsLeft) != -1)
            return Task.CompletedTask;
        _reached.TrySetResult();
        return _released;
    }

    private FakeS3Fault? FaultOf(FakeS3Call call)
    {
        var fault = Kind switch
        {
            Trouble.Refused => FakeS3Fault.SlowDown,
            Trouble.LostAnswer => FakeS3Fault.LostAnswer,
            Trouble.ErrorInSuccess when IsMade(call) => new FakeS3Fault { ErrorInSuccess = true },
            Trouble.ErrorInSuccessAfterEffect when IsMade(call) => new FakeS3Fault { ErrorInSuccess = true, HasEffect = true },
            Trouble.WrongETag when call.Operation is "UploadPart" or "PutObject" && call.Key != ObjectKeys.Marker =>
                new FakeS3Fault { WrongETag = "0123456789abcdef0123456789abcdef" },
            Trouble.Truncated when call.Operation == "GetObject" => new FakeS3Fault { TruncateBodyAt = 10 },
            _ => null,
        };
        // Refusals and lost answers hit the call of this number; what only some calls can have hits the first of them.
        return fault is not null && (Kind is Trouble.Refused or Trouble.LostAnswer ? Interlocked.Decrement(ref _callsLeft) == -1 : Interlocked.Exchange(ref _callsLeft, -1) >= 0)
            ? fault
            : null;

        static bool IsMade(FakeS3Call call) => call.Operation is "CompleteMultipartUpload" or "CopyObject";
    }
}

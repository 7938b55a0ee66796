namespace GrainVault.TestKit.FakeS3;

/// <summary>What goes wrong with one call.</summary>
public sealed record FakeS3Fault
{
    /// <summary>Waits before anything else.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Never answers; the call has no effect.</summary>
    public bool Hangs { get; init; }

    /// <summary>Answers with this status and code; the call has no effect.</summary>
    public (int Status, string Code)? Error { get; init; }

    /// <summary>The call has its effect, then the connection breaks.</summary>
    public bool LosesAnswer { get; init; }

    /// <summary>Answers 200 with an error document (completions and copies).</summary>
    public bool ErrorInSuccess { get; init; }

    /// <summary>With <see cref="ErrorInSuccess"/>: the call has its effect all the same.</summary>
    public bool HasEffect { get; init; }

    /// <summary>The body of a GET breaks off after this many bytes.</summary>
    public long? TruncateBodyAt { get; init; }

    /// <summary>The ETag in the answer's head, instead of the true one.</summary>
    public string? WrongETag { get; init; }

    public static FakeS3Fault SlowDown { get; } = new() { Error = (503, "SlowDown") };

    public static FakeS3Fault InternalError { get; } = new() { Error = (500, "InternalError") };

    public static FakeS3Fault LostAnswer { get; } = new() { LosesAnswer = true };

    public static FakeS3Fault Hang { get; } = new() { Hangs = true };
}

/// <summary>The knobs of the fake server. Without any it behaves.</summary>
public sealed class FakeS3Faults
{
    private readonly Lock _gate = new();
    private readonly List<(string Operation, FakeS3Fault Fault, int Left)> _planned = [];

    /// <summary>Decides about each call that nothing was planned for; null lets it pass.</summary>
    public Func<FakeS3Call, FakeS3Fault?>? Rule { get; set; }

    /// <summary>Every call waits this long.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Holds calls up: each waits for what this gives before anything else, with its body unread. Null holds up none.</summary>
    public Func<FakeS3Call, Task>? Stall { get; set; }

    /// <summary>How far lists of objects, uploads and parts are behind: what is newer is missing, what was deleted since is still there.</summary>
    public TimeSpan ListLag { get; set; }

    /// <summary>Plans a fault for the next calls of one operation.</summary>
    public void Next(string operation, FakeS3Fault fault, int count = 1)
    {
        lock (_gate)
            _planned.Add((operation, fault, count));
    }

    /// <summary>Takes everything back.</summary>
    public void Clear()
    {
        lock (_gate)
            _planned.Clear();
        (Rule, Stall, Latency, ListLag) = (null, null, TimeSpan.Zero, TimeSpan.Zero);
    }

    internal FakeS3Fault? Take(FakeS3Call call)
    {
        lock (_gate)
        {
            var index = _planned.FindIndex(planned => planned.Operation == call.Operation);
            if (index >= 0)
            {
                var (operation, fault, left) = _planned[index];
                if (left > 1)
                    _planned[index] = (operation, fault, left - 1);
                else
                    _planned.RemoveAt(index);
                return fault;
            }
        }

        return Rule?.Invoke(call);
    }
}

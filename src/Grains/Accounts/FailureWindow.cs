namespace GrainVault.Accounts;

/// <summary>Counts failed attempts within the last minute; holds at most as many times as are allowed.</summary>
internal sealed class FailureWindow(int countMax, TimeProvider time)
{
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    private readonly Queue<long> _failures = new();

    /// <summary>No attempt has failed, or all were longer ago.</summary>
    public bool IsEmpty => WaitSeconds is null && _failures.Count == 0;

    /// <summary>Seconds to wait before the next attempt, at least 1; null when it may be made now.</summary>
    public int? WaitSeconds
    {
        get
        {
            while (_failures.TryPeek(out var oldest) && time.GetElapsedTime(oldest) >= Length)
                _failures.Dequeue();
            if (_failures.Count < countMax)
                return null;
            return Math.Max(1, (int)Math.Ceiling((Length - time.GetElapsedTime(_failures.Peek())).TotalSeconds));
        }
    }

    /// <summary>Notes a failed attempt.</summary>
    public void Add()
    {
        if (_failures.Count >= countMax)
            _failures.Dequeue();
        _failures.Enqueue(time.GetTimestamp());
    }
}

namespace GrainVault.Uploads;

/// <summary>
/// Which parts of a session are being written: one store write per number at a time. Used on the session's scheduler
/// only, so it needs no lock; its size is the number of writes that run or wait.
/// </summary>
/// <param name="time">Clock.</param>
/// <param name="silenceMax">Longest time between two signs of life of a writer; one that died with its silo, or whose end was lost on
/// the way here, is forgotten after it.</param>
internal sealed class PartsInFlight(TimeProvider time, TimeSpan silenceMax)
{
    private sealed class Write(long ticket, long begun)
    {
        public long Ticket { get; } = ticket;

        public long LastSign { get; set; } = begun;

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Timers are no finer: a wait that ends this much later has really lasted its time.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly Dictionary<int, Write> _writes = [];
    private long _lastTicket;

    /// <summary>
    /// Takes the right to write a part; waits for the one who has it. Returns its ticket, or null when that takes too long.
    /// <c>IsTakenOver</c>: from one who was forgotten, and who may still be at work somewhere.
    /// </summary>
    public async Task<(long Ticket, bool IsTakenOver)?> TryEnterAsync(int number, TimeSpan waitMax)
    {
        var start = time.GetTimestamp();
        while (_writes.TryGetValue(number, out var other) && !IsForgotten(other))
        {
            var left = waitMax - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                return null;
            await WaitAsync(other, left);
        }

        var isTakenOver = _writes.ContainsKey(number);
        var ticket = ++_lastTicket;
        _writes[number] = new Write(ticket, time.GetTimestamp());
        return (ticket, isTakenOver);
    }

    /// <summary>A sign of life of a writer.</summary>
    public void Keep(int number, long ticket)
    {
        if (_writes.TryGetValue(number, out var write) && write.Ticket == ticket)
            write.LastSign = time.GetTimestamp();
    }

    /// <summary>Gives a right back; one that was forgotten meanwhile changes nothing.</summary>
    public void Leave(int number, long ticket)
    {
        if (!_writes.TryGetValue(number, out var write) || write.Ticket != ticket)
            return;
        _writes.Remove(number);
        write.Ended.TrySetResult();
    }

    /// <summary>Waits until nothing is being written. False when that takes too long.</summary>
    public async Task<bool> DrainAsync(TimeSpan waitMax)
    {
        var start = time.GetTimestamp();
        while (_writes.Values.FirstOrDefault(write => !IsForgotten(write)) is { } other)
        {
            var left = waitMax - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
                return false;
            await WaitAsync(other, left);
        }

        return true;
    }

    private bool IsForgotten(Write write) => time.GetElapsedTime(write.LastSign) > silenceMax;

    /// <summary>Until the write has ended, might be forgotten, or the time is over.</summary>
    private async Task WaitAsync(Write write, TimeSpan waitMax)
    {
        var silenceLeft = silenceMax - time.GetElapsedTime(write.LastSign) + Tick;
        var wait = silenceLeft < waitMax ? silenceLeft : waitMax;
        try
        {
            await write.Ended.Task.WaitAsync(wait > Tick ? wait : Tick, time);
        }
        catch (TimeoutException)
        {
            // The caller looks again.
        }
    }
}

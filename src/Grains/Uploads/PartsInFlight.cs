namespace GrainVault.Uploads;

/// <summary>
/// Which parts of a session are being written: one store write per number at a time. Used on the session's scheduler
/// only, so it needs no lock; its size is the number of writes that run or wait.
/// </summary>
/// <param name="time">Clock.</param>
/// <param name="holdMax">Longest time that a write can run; a writer that died with its silo is forgotten after it.</param>
internal sealed class PartsInFlight(TimeProvider time, TimeSpan holdMax)
{
    private sealed record Write(long Ticket, long Since, TaskCompletionSource Ended);

    private readonly Dictionary<int, Write> _writes = [];
    private long _lastTicket;

    /// <summary>Takes the right to write a part; waits for the one who has it. Returns its ticket, or null when that takes too long.</summary>
    public async Task<long?> TryEnterAsync(int number, TimeSpan waitMax)
    {
        var start = time.GetTimestamp();
        while (_writes.TryGetValue(number, out var other) && !IsForgotten(other))
        {
            var left = waitMax - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || !await EndsInTimeAsync(other, left))
                return null;
        }

        var ticket = ++_lastTicket;
        _writes[number] = new Write(ticket, time.GetTimestamp(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return ticket;
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
            if (left <= TimeSpan.Zero || !await EndsInTimeAsync(other, left))
                return false;
        }

        return true;
    }

    private bool IsForgotten(Write write) => time.GetElapsedTime(write.Since) > holdMax;

    private async Task<bool> EndsInTimeAsync(Write write, TimeSpan wait)
    {
        try
        {
            await write.Ended.Task.WaitAsync(wait, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}

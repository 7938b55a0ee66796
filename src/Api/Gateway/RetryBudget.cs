namespace GrainVault.Api.Gateway;

/// <summary>How many calls may be repeated: a share of all calls, and a few that were saved up.</summary>
/// <param name="share">Repeats per call, 0 to 1.</param>
internal sealed class RetryBudget(double share)
{
    /// <summary>Repeats that can be saved up, and that are there at first.</summary>
    public const int SavedMax = 32;

    private const long Unit = 1_000_000;

    private readonly long _perCall = (long)(share * Unit);
    private long _saved = share > 0 ? SavedMax * Unit : 0;

    /// <summary>A call was made for the first time.</summary>
    public void Called()
    {
        // Approximate at the upper end, where it does not matter.
        if (Volatile.Read(ref _saved) < SavedMax * Unit)
            Interlocked.Add(ref _saved, _perCall);
    }

    /// <summary>Takes a repeat; false when there is none.</summary>
    public bool TryRepeat()
    {
        if (Interlocked.Add(ref _saved, -Unit) >= 0)
            return true;
        Interlocked.Add(ref _saved, Unit);
        return false;
    }
}

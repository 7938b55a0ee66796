namespace GrainVault.Cluster.Tests.Load;

/// <summary>How often a client tries again after a 503 with <c>Retry-After</c> or a broken connection. Nothing else is ever retried.</summary>
internal sealed record RetryRule
{
    private RetryRule(int retryCountMax, TimeSpan givesUpAfter, bool movesAfterAnyTrouble)
    {
        RetryCountMax = retryCountMax;
        GivesUpAfter = givesUpAfter;
        MovesAfterAnyTrouble = movesAfterAnyTrouble;
    }

    /// <summary>
    /// As HTTP clients do: waits as long as <c>Retry-After</c> says, moves to the next front end when a connection breaks, and
    /// goes on until a fault of the longest length is over and everything has come back.
    /// </summary>
    public static RetryRule Patient { get; } = new(int.MaxValue, TimeSpan.FromMinutes(4), movesAfterAnyTrouble: false);

    /// <summary>
    /// One retry, at the next front end, after <c>Retry-After</c> or, when a connection broke, after a short pause. What fails
    /// twice has failed.
    /// </summary>
    public static RetryRule Once { get; } = new(1, TimeSpan.FromMinutes(4), movesAfterAnyTrouble: true);

    /// <summary>No retry: for what must not be noticed at all.</summary>
    public static RetryRule Never { get; } = new(0, TimeSpan.FromMinutes(4), movesAfterAnyTrouble: false);

    public int RetryCountMax { get; }

    public TimeSpan GivesUpAfter { get; }

    /// <summary>False: stays after a 503, since the front end itself is there.</summary>
    public bool MovesAfterAnyTrouble { get; }
}

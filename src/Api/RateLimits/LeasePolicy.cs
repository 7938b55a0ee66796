using GrainVault.RateLimits;

namespace GrainVault.Api.RateLimits;

/// <summary>How front ends share budgets of one kind.</summary>
internal sealed class LeasePolicy
{
    /// <summary>
    /// Part of a budget that one lease asks for, and that a front end holds on credit: so much may be admitted beyond the budget,
    /// once, per front end.
    /// </summary>
    private const int BatchesPerBudget = 10;

    /// <summary>Creates a policy.</summary>
    /// <param name="kind">The kind of budget.</param>
    /// <param name="budget">The budget of the whole cluster.</param>
    /// <param name="shareAlone">Share that this front end grants while the owner can't be asked.</param>
    /// <param name="leaseWait">Longest wait for the owner.</param>
    /// <param name="time">Clock.</param>
    public LeasePolicy(RateLimitKind kind, RateBudget budget, double shareAlone, TimeSpan leaseWait, TimeProvider time)
    {
        (Kind, Budget, Alone, LeaseWait, Time) = (kind, budget, budget.Share(shareAlone), leaseWait, time);
        BatchCount = Math.Max(1, budget.Count / BatchesPerBudget);
    }

    /// <summary>The kind of budget.</summary>
    public RateLimitKind Kind { get; }

    /// <summary>The budget of the whole cluster.</summary>
    public RateBudget Budget { get; }

    /// <summary>What grows here while the owner can't be asked.</summary>
    public RateBudget Alone { get; }

    /// <summary>Tokens of one batch.</summary>
    public long BatchCount { get; }

    /// <summary>Longest wait for the owner.</summary>
    public TimeSpan LeaseWait { get; }

    /// <summary>Time between two questions to an owner that does not answer.</summary>
    public TimeSpan AskAgainAlone { get; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>A time in the unit of timestamps.</summary>
    public long Stamps(TimeSpan time) => (long)(time.TotalSeconds * Time.TimestampFrequency);
}

using GrainVault.Options;

namespace GrainVault.RateLimits;

/// <summary>A rate, whose window's worth may come at once.</summary>
/// <param name="Count">Requests in one window, at least 1.</param>
/// <param name="Window">Length of the window.</param>
public readonly record struct RateBudget(long Count, TimeSpan Window)
{
    /// <summary>The configured budget of a kind.</summary>
    public static RateBudget Of(RateLimitKind kind, LimitsOptions limits) => kind switch
    {
        RateLimitKind.User => new RateBudget(limits.RequestsPerSecondPerUser, TimeSpan.FromSeconds(1)),
        RateLimitKind.Address => new RateBudget(limits.RequestsPerSecondPerAddress, TimeSpan.FromSeconds(1)),
        RateLimitKind.SignUp => new RateBudget(limits.SignupsPerMinute, TimeSpan.FromMinutes(1)),
        RateLimitKind.LogIn => new RateBudget(limits.FailedLoginsPerMinutePerAddress, TimeSpan.FromMinutes(1)),
        RateLimitKind.LinkPassword => new RateBudget(limits.FailedLinkPasswordsPerMinutePerAddress, TimeSpan.FromMinutes(1)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such kind."),
    };

    /// <summary>The part of the budget that the share stands for, at least 1.</summary>
    public RateBudget Share(double share) => this with { Count = Math.Max(1, (long)(Count * share)) };

    /// <summary>How long a number of tokens takes to come.</summary>
    public TimeSpan TimeFor(double count) => Window * (count / Count);

    /// <summary>How many tokens come within a time.</summary>
    public double TokensIn(TimeSpan time) => time / Window * Count;
}

namespace GrainVault.Api.RateLimits;

/// <summary>Whether a request is within its budget.</summary>
/// <param name="IsAdmitted">True when it is.</param>
/// <param name="Remaining">Requests left, as far as this front end knows.</param>
/// <param name="RetryAfter">When to come back; zero for an admitted request.</param>
internal readonly record struct RateDecision(bool IsAdmitted, long Remaining, TimeSpan RetryAfter)
{
    /// <summary>The shortest <c>Retry-After</c> of a refused request.</summary>
    public static TimeSpan RetryAfterMin { get; } = TimeSpan.FromMilliseconds(1);

    /// <summary>True when the budget's owner gave a token for the request, which it can get back.</summary>
    public bool IsFromOwner { get; init; }

    /// <summary>Within the budget.</summary>
    public static RateDecision Admitted(long remaining) => new(true, remaining, TimeSpan.Zero);

    /// <summary>Beyond the budget.</summary>
    public static RateDecision Refused(TimeSpan retryAfter) => new(false, 0, retryAfter > RetryAfterMin ? retryAfter : RetryAfterMin);
}

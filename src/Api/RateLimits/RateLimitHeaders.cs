using System.Globalization;
using GrainVault.Api.Http;
using GrainVault.RateLimits;

namespace GrainVault.Api.RateLimits;

/// <summary>
/// <c>RateLimit-Limit</c>, <c>RateLimit-Remaining</c> and <c>RateLimit-Reset</c>
/// (draft-ietf-httpapi-ratelimit-headers-06: Reset counts seconds). Later drafts fold them into two structured fields; these
/// three are what clients in the field read.
/// </summary>
internal static class RateLimitHeaders
{
    /// <summary>Requests in one window.</summary>
    public const string Limit = "RateLimit-Limit";

    /// <summary>Requests left.</summary>
    public const string Remaining = "RateLimit-Remaining";

    /// <summary>Seconds until the budget is full again, or, when it is used up, until the next request may come.</summary>
    public const string Reset = "RateLimit-Reset";

    private const int SmallNumberMax = 4096;

    private static readonly string[] SmallNumbers =
        [.. Enumerable.Range(0, SmallNumberMax + 1).Select(number => number.ToString(CultureInfo.InvariantCulture))];

    /// <summary>Writes the headers of a decision. A later decision about the same request replaces an earlier one.</summary>
    public static void Write(HttpResponse response, RateBudget budget, in RateDecision decision)
    {
        var headers = response.Headers;
        headers[Limit] = Text(budget.Count);
        headers[Remaining] = Text(decision.Remaining);
        headers[Reset] = Text(Seconds(decision.IsAdmitted ? budget.TimeFor(budget.Count - decision.Remaining) : decision.RetryAfter));
    }

    /// <summary>The answer to a request beyond its budget.</summary>
    public static Problem Refusal(in RateDecision decision, string detail) =>
        new(ProblemTypes.Throttled, detail) { RetryAfterSeconds = (int)Math.Min(int.MaxValue, Seconds(decision.RetryAfter)) };

    private static long Seconds(TimeSpan time) => (time.Ticks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;

    private static string Text(long number) =>
        number is >= 0 and <= SmallNumberMax ? SmallNumbers[number] : number.ToString(CultureInfo.InvariantCulture);
}

using GrainVault.Options;

namespace GrainVault.Uploads;

/// <summary>How long URLs for parts live: three times what the client should need for all parts that it asked for at once.</summary>
internal static class UrlLifetime
{
    private const int Allowance = 3;

    /// <summary>Shortest time that a URL is good for anything.</summary>
    private static readonly TimeSpan UsefulMin = TimeSpan.FromSeconds(10);

    /// <summary>The lifetime.</summary>
    /// <param name="sizeBytes">Bytes of all parts that were asked for together.</param>
    /// <param name="observedBytesPerSecond">Speed of the client so far; null when nothing is known.</param>
    /// <param name="untilExpiry">Time that the session has left.</param>
    /// <param name="storeMax">Longest life that the store and its credentials allow.</param>
    /// <param name="options">Limits of the operator.</param>
    public static TimeSpan Of(long sizeBytes, double? observedBytesPerSecond, TimeSpan untilExpiry, TimeSpan storeMax, DirectOptions options)
    {
        var speed = Math.Max(observedBytesPerSecond ?? options.AssumedBytesPerSecond, 1);
        var wanted = TimeSpan.FromSeconds(Math.Min(sizeBytes / speed * Allowance, options.WriteLifetimeMax.TotalSeconds));
        if (wanted < options.WriteLifetimeMin)
            wanted = options.WriteLifetimeMin;
        TimeSpan[] limits = [wanted, options.WriteLifetimeMax, storeMax, untilExpiry > UsefulMin ? untilExpiry : UsefulMin];
        return limits.Min();
    }
}

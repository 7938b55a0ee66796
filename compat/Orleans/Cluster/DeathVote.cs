using System.Collections.Immutable;
using System.Globalization;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>One silo's word that another one is dead. In the table: "silo,time|silo,time".</summary>
/// <param name="Voter">Who voted.</param>
/// <param name="At">When, by the voter's clock, UTC.</param>
internal sealed record DeathVote(SiloAddress Voter, DateTime At)
{
    private const string TimeFormat = "yyyy-MM-dd HH:mm:ss.fff 'GMT'";

    /// <summary>Writes the column; empty where there is no vote.</summary>
    internal static string Write(ImmutableArray<DeathVote> votes) => string.Join('|', votes.Select(vote =>
        $"{vote.Voter.ToParsableString()},{vote.At.ToString(TimeFormat, CultureInfo.InvariantCulture)}"));

    /// <summary>Reads the column.</summary>
    /// <exception cref="FormatException">It is not of this form.</exception>
    internal static ImmutableArray<DeathVote> Read(string? text) => string.IsNullOrEmpty(text) ? [] : [.. text.Split('|').Select(ReadOne)];

    private static DeathVote ReadOne(string text)
    {
        var comma = text.LastIndexOf(',');
        if (comma < 0)
            throw new FormatException($"\"{text}\" is not a vote of the membership table.");
        var at = DateTime.ParseExact(
            text[(comma + 1)..], TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
        return new DeathVote(SiloAddress.FromParsableString(text[..comma]), at);
    }
}

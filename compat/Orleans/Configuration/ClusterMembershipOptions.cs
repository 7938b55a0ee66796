using Microsoft.Extensions.Options;

namespace Orleans.Configuration;

/// <summary>How silos watch one another. Who is a member is decided in the membership table alone.</summary>
public class ClusterMembershipOptions
{
    /// <summary>How often each watched silo is probed, and how long it may take to answer. Default: 5 s.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many probes in a row must fail before this silo votes another one dead. Default: 3.</summary>
    public int NumMissedProbesLimit { get; set; } = 3;

    /// <summary>How many others each silo probes: its successors in the order of their addresses. Default: 10.</summary>
    public int NumProbedSilos { get; set; } = 10;

    /// <summary>How many votes declare a silo dead; fewer where fewer silos could vote. Default: 2.</summary>
    public int NumVotesForDeathDeclaration { get; set; } = 2;

    /// <summary>How long a vote counts. Default: 2 min.</summary>
    public TimeSpan DeathVoteExpirationTimeout { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>Whether the last probe before a vote is also sent through another silo. Default: true.</summary>
    public bool EnableIndirectProbes { get; set; } = true;

    /// <summary>Whether changes of the table are told to the other silos at once. Default: true.</summary>
    public bool UseLivenessGossip { get; set; } = true;

    /// <summary>How often the table is read, whether or not somebody told of a change. Default: 1 min.</summary>
    public TimeSpan TableRefreshTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often each silo writes a sign of life into the table. Default: 30 s.</summary>
    public TimeSpan IAmAliveTablePublishTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A silo that missed this many signs of life is stale: it blocks no join and is counted among no voters. Default: 3.</summary>
    public int NumMissedTableIAmAliveLimit { get; set; } = 3;

    /// <summary>How long a silo tries to reach all others, and to be reached by them, before its start fails. Default: 5 min.</summary>
    public TimeSpan MaxJoinAttemptTime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long rows of dead silos are kept. Default: 7 days.</summary>
    public TimeSpan DefunctSiloExpiration { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often rows of dead silos are looked for; null: never. Default: 1 h.</summary>
    public TimeSpan? DefunctSiloCleanupPeriod { get; set; } = TimeSpan.FromHours(1);
}

/// <summary>Zero probes or votes would declare living silos dead, or none ever.</summary>
internal sealed class ClusterMembershipOptionsValidator : IValidateOptions<ClusterMembershipOptions>
{
    public ValidateOptionsResult Validate(string? name, ClusterMembershipOptions options)
    {
        (string Name, bool IsRight)[] rules =
        [
            (nameof(options.ProbeTimeout), options.ProbeTimeout > TimeSpan.Zero),
            (nameof(options.NumMissedProbesLimit), options.NumMissedProbesLimit > 0),
            (nameof(options.NumProbedSilos), options.NumProbedSilos > 0),
            (nameof(options.NumVotesForDeathDeclaration), options.NumVotesForDeathDeclaration > 0),
            (nameof(options.DeathVoteExpirationTimeout), options.DeathVoteExpirationTimeout > TimeSpan.Zero),
            (nameof(options.TableRefreshTimeout), options.TableRefreshTimeout > TimeSpan.Zero),
            (nameof(options.IAmAliveTablePublishTimeout), options.IAmAliveTablePublishTimeout > TimeSpan.Zero),
            (nameof(options.NumMissedTableIAmAliveLimit), options.NumMissedTableIAmAliveLimit > 0),
            (nameof(options.MaxJoinAttemptTime), options.MaxJoinAttemptTime > TimeSpan.Zero),
            (nameof(options.DefunctSiloExpiration), options.DefunctSiloExpiration > TimeSpan.Zero),
            (nameof(options.DefunctSiloCleanupPeriod), options.DefunctSiloCleanupPeriod is null || options.DefunctSiloCleanupPeriod > TimeSpan.Zero),
        ];
        var wrong = rules.Where(rule => !rule.IsRight).Select(rule => rule.Name).ToArray();
        return wrong.Length == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{nameof(ClusterMembershipOptions)}: {string.Join(", ", wrong)} must be more than 0.");
    }
}

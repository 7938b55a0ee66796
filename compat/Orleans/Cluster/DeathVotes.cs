using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>
/// Votes in the membership table. Enough votes of members that are active themselves declare a silo dead; where fewer silos
/// could vote than are asked for, all of them are enough.
/// </summary>
internal sealed class DeathVotes(
    MembershipWriter writer,
    SignsOfLife signs,
    ILocalSiloDetails local,
    IOptions<ClusterMembershipOptions> options,
    TimeProvider time,
    ILogger<DeathVotes> logger)
{
    private readonly MembershipLog _log = new(logger);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Whether somebody has voted against the silo and the vote still counts.</summary>
    internal bool HasFresh(MembershipRow row) => row.Votes.Any(IsFresh);

    /// <summary>Votes, and declares the silo dead if that was the last vote that it took.</summary>
    internal async Task VoteAsync(SiloAddress target, CancellationToken cancellationToken)
    {
        (MembershipRow Row, int Needed)? written = null;
        await writer.ChangeAsync(
            data =>
            {
                written = Decide(data, target);
                return written?.Row;
            },
            cancellationToken);
        if (written is not { } vote)
            return;
        if (vote.Row.Status == SiloStatus.Dead)
            _log.DeclaredDead(target, vote.Row.Votes.Length);
        else
            _log.Voted(target, vote.Row.Votes.Length, vote.Needed);
    }

    /// <summary>The target's row with this silo's vote; null where the vote changes nothing or this silo has none.</summary>
    internal (MembershipRow Row, int Needed)? Decide(MembershipData data, SiloAddress target)
    {
        if (data.Find(target) is not { Status: SiloStatus.Active } row || data.Find(local.SiloAddress)?.Status != SiloStatus.Active)
            return null;
        var voters = data.Rows
            .Where(voter => voter.Status == SiloStatus.Active && !voter.Address.Equals(target))
            .Select(voter => voter.Address)
            .ToArray();
        ImmutableArray<DeathVote> counted = [.. row.Votes.Where(vote => IsFresh(vote) && voters.Contains(vote.Voter))];
        var hasVoted = counted.Any(vote => vote.Voter.Equals(local.SiloAddress));
        if (!hasVoted)
            counted = counted.Add(new DeathVote(local.SiloAddress, Now));
        // A silo without signs of life will not vote. This one lives, whatever the table says of its last sign.
        var able = voters.Count(voter => voter.Equals(local.SiloAddress) || !signs.IsStale(voter));
        var needed = Math.Min(options.Value.NumVotesForDeathDeclaration, able);
        if (counted.Length >= needed)
            return (row with { Votes = counted, Status = SiloStatus.Dead }, needed);
        return hasVoted ? null : (row with { Votes = counted }, needed);
    }

    private bool IsFresh(DeathVote vote) => Now - vote.At < options.Value.DeathVoteExpirationTimeout;
}

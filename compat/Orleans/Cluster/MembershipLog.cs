using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>What a silo logs about the cluster.</summary>
internal sealed partial class MembershipLog(ILogger logger)
{
    [LoggerMessage(30, LogLevel.Information, "Silo {Address} is {Status} in version {Version} of the membership table; {ActiveCount} silos are active.")]
    internal partial void StatusWritten(SiloAddress address, SiloStatus status, long version, int activeCount);

    [LoggerMessage(31, LogLevel.Information, "Silo {Address} was here before at the same endpoint and is dead now.")]
    internal partial void PredecessorDead(SiloAddress address);

    [LoggerMessage(32, LogLevel.Warning, "Not yet in the cluster: no connection both ways with {Silos}. It is tried again.")]
    internal partial void NotReachable(string silos);

    [LoggerMessage(33, LogLevel.Information, "Version {Version} of the membership table: {Silos}.")]
    internal partial void Changed(long version, string silos);

    [LoggerMessage(34, LogLevel.Warning, "Silo {Address} did not answer {MissCount} probes in a row.")]
    internal partial void Missing(SiloAddress address, int missCount);

    [LoggerMessage(35, LogLevel.Warning, "Silo {Address} is out of reach from here, and so is everybody else: no vote.")]
    internal partial void SelfInDoubt(SiloAddress address);

    [LoggerMessage(36, LogLevel.Warning, "Voted silo {Address} dead; {VoteCount} of {NeededCount} votes.")]
    internal partial void Voted(SiloAddress address, int voteCount, int neededCount);

    [LoggerMessage(37, LogLevel.Warning, "Silo {Address} is declared dead with {VoteCount} votes.")]
    internal partial void DeclaredDead(SiloAddress address, int voteCount);

    [LoggerMessage(38, LogLevel.Warning, "The membership table can't be reached; it is tried again. The silo serves on and votes nobody dead meanwhile.")]
    internal partial void TableAway(Exception failure);

    [LoggerMessage(39, LogLevel.Information, "The membership table can be reached again.")]
    internal partial void TableBack();

    [LoggerMessage(40, LogLevel.Warning, "This process did not run for {Pause}; calls wait until the membership table has been read.")]
    internal partial void Paused(TimeSpan pause);

    [LoggerMessage(41, LogLevel.Warning, "The membership table could not be read for {Doubt} after a pause; calls are served again.")]
    internal partial void DoubtUnresolved(Exception failure, TimeSpan doubt);

    [LoggerMessage(42, LogLevel.Error, "A listener to version {Version} of the membership table failed.")]
    internal partial void ListenerFailed(Exception failure, long version);

    [LoggerMessage(43, LogLevel.Information, "Silo {Address} answered silo {Intermediary}, though not this one: no vote.")]
    internal partial void AnsweredIndirectly(SiloAddress address, SiloAddress intermediary);

    [LoggerMessage(44, LogLevel.Warning, "The membership table is at version {Version}, though version {KnownVersion} was read before. It is believed if it stays so.")]
    internal partial void SaysLess(long version, long knownVersion);

    [LoggerMessage(45, LogLevel.Warning, "The membership table has gone back to version {Version} from {KnownVersion}: its database was restored or lost its last changes. This silo goes by it from now on.")]
    internal partial void WentBack(long version, long knownVersion);
}

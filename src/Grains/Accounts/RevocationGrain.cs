using Orleans;
using Orleans.Concurrency;

namespace GrainVault.Accounts;

/// <summary>Lets front ends, which know no database, poll for ended logins.</summary>
[GrainType("r"), StatelessWorker(4)]
internal sealed class RevocationGrain(RevocationRepository repository) : Grain, IRevocationGrain
{
    /// <inheritdoc/>
    public Task<RevocationPage> ListAsync(DateTimeOffset? since, CancellationToken cancellationToken = default) =>
        repository.ListAsync(since, cancellationToken);
}

using GrainVault.Accounts;
using Microsoft.Extensions.DependencyInjection;
using Orleans;

namespace GrainVault.Cluster;

/// <summary>Adds up what processes report. Costs nothing but memory; the members' table is read only while somebody looks.</summary>
[GrainType("c")]
internal sealed class ClusterStatusGrain(TimeProvider time, IServiceProvider services) : Grain, IClusterStatusGrain
{
    private static readonly TimeSpan MembersAgeMax = TimeSpan.FromSeconds(2);

    private readonly StatusBoard _board = new(time);
    private readonly IMemberList? _table = services.GetService<IMemberList>();
    private List<MemberStatus> _members = [];
    private long _membersAt;

    /// <inheritdoc/>
    public Task ReportAsync(ProcessReport report, CancellationToken cancellationToken = default)
    {
        _board.Report(report);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<ClusterStatusResult> GetAsync(CancellationToken cancellationToken = default)
    {
        if (!Roles.IsAdministrator(Caller.Roles))
            return new ClusterStatusResult(Refusals.From(RefusalReason.Forbidden), null);
        await RefreshMembersAsync(cancellationToken);
        return new ClusterStatusResult(null, _board.Read(_members));
    }

    private async Task RefreshMembersAsync(CancellationToken cancellationToken)
    {
        if (_table is null || (_membersAt != 0 && time.GetElapsedTime(_membersAt) < MembersAgeMax))
            return;
        _membersAt = time.GetTimestamp();
        try
        {
            _members = await _table.ListAsync(cancellationToken);
        }
        catch (DependencyUnavailableException)
        {
            // The page is looked at most when something is down: it shows what was known last.
        }
    }
}

using GrainVault.Data;
using GrainVault.Maintenance;
using GrainVault.Options;
using GrainVault.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace GrainVault.Cli.Fsck;

/// <summary>Runs all checks, on a system that may be running: what looks wrong is looked at again before it is a finding.</summary>
public sealed class FsckRunner(NpgsqlDataSource catalogue, IObjectStore store, JanitorOptions options, TimeProvider time)
{
    /// <summary>Checks everything.</summary>
    /// <param name="repair">Repairs what can be repaired without losing anything.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    public async Task<FsckReport> RunAsync(bool repair, CancellationToken cancellationToken = default)
    {
        var report = new FsckReport();
        await new ObjectCheck(catalogue, store, options, time, report).RunAsync(repair, cancellationToken);
        await new InboxCheck(catalogue, report).RunAsync(cancellationToken);
        await new SessionCheck(catalogue, store, report).RunAsync(cancellationToken);
        await new CatalogueCheck(catalogue, report).RunAsync(repair, cancellationToken);
        await CheckMarkerAsync(report, repair, cancellationToken);
        return report;
    }

    /// <summary>
    /// Last of all: after a restore of either side, this run is the confirmation that deletion waits for. It is given only
    /// when nothing is lost.
    /// </summary>
    private async Task CheckMarkerAsync(FsckReport report, bool repair, CancellationToken cancellationToken)
    {
        var database = new CatalogueDatabase(catalogue, NullLogger<CatalogueDatabase>.Instance);
        var installation = new InstallationStore(database);
        var marker = new SweepGuard(installation, store, NullLogger<SweepGuard>.Instance);
        var isLost = report.Findings.Any(finding => finding.Kind is FindingKinds.ObjectMissing or FindingKinds.ObjectSize
            or FindingKinds.VersionBroken or FindingKinds.PartMissing);
        var findings = new List<Finding>();
        var row = await installation.GetAsync(cancellationToken);
        // Before the first start of a silo there is nothing to be deleted and no marker.
        if (row.MarkerWritten && await marker.FindObstacleAsync(cancellationToken) is { } obstacle)
            findings.Add(report.Add(FindingKinds.Marker, ObjectKeys.Marker, obstacle));
        if (row.SweepStopped is { } reason)
            findings.Add(report.Add(FindingKinds.SweepStopped, "installation", reason));
        if (!repair || isLost || findings.Count == 0)
            return;
        await marker.RenewAsync(isConfirmed: true);
        findings.ForEach(finding => finding.IsRepaired = true);
    }
}

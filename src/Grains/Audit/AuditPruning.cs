using GrainVault.Data;
using GrainVault.Options;
using Microsoft.Extensions.Options;

namespace GrainVault.Audit;

/// <summary>Removes rows of the audit by age; what remains can still be verified.</summary>
internal sealed class AuditPruning(CatalogueDatabase database, IOptions<AuditOptions> options)
{
    /// <summary>Removes the oldest rows of some chains; returns how many.</summary>
    /// <param name="rowCountMax">Most rows of one chain, and most that are looked at to find chains.</param>
    /// <param name="cancellationToken">Ends the work between two chains.</param>
    public async Task<int> RunAsync(int rowCountMax, CancellationToken cancellationToken)
    {
        var age = options.Value.Age;
        if (age == TimeSpan.Zero)
            return 0;
        var owners = await database.ReadAsync(
            "SELECT DISTINCT owner_id FROM (SELECT owner_id FROM audit WHERE at < now() - $1 ORDER BY at LIMIT $2) oldest",
            parameters => parameters.Interval(age).Integer(rowCountMax),
            reader => reader.RowsAsync(row => row.GetString(0)),
            cancellationToken);
        var count = 0;
        foreach (var owner in owners)
        {
            cancellationToken.ThrowIfCancellationRequested();
            count += await database.QueryAsync(
                "SELECT audit_prune($1, now() - $2, $3)",
                parameters => parameters.Text(owner).Interval(age).Integer(rowCountMax),
                async reader => await reader.ReadAsync() ? reader.GetInt32(0) : 0);
        }

        return count;
    }
}

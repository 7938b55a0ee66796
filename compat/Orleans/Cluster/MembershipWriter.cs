using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Cluster;

/// <summary>Changes the membership table by compare-and-swap, and tells the others.</summary>
internal sealed class MembershipWriter(
    MembershipView view,
    IMembershipTable table,
    ISiloControl control,
    ILocalSiloDetails local,
    IOptions<ClusterMembershipOptions> options,
    TimeProvider time)
{
    /// <summary>Silos that lost the race for a version wait for a random part of this, so that they don't meet again.</summary>
    private const int BackoffMaxMs = 50;

    /// <summary>Races lost in a row after which a change is given up; who wants it tries again later.</summary>
    internal const int AttemptCountMax = 1000;

    /// <summary>Makes one change.</summary>
    /// <param name="change">Gives the row as it should be, or null where nothing needs to change. Asked again with newer rows as
    /// long as others are faster.</param>
    /// <param name="cancellationToken">Ends the work early; whether the change was made is then unknown.</param>
    /// <returns>The table afterwards.</returns>
    internal async Task<MembershipData> ChangeAsync(Func<MembershipData, MembershipRow?> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < AttemptCountMax; attempt++)
        {
            var data = await view.ReadAsync(cancellationToken);
            if (change(data) is not { } row)
                return data;
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using var limit = new CancellationTokenSource(MembershipView.TableTimeout, time);
            using var registration = limit.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), timeout);
            var writing = data.Find(row.Address) is null
                ? table.InsertAsync(row, data.Version, timeout.Token)
                : table.UpdateAsync(row, data.Version, timeout.Token);
            if (await writing.WaitAsync(timeout.Token))
            {
                var after = await view.ReadAsync(cancellationToken);
                Tell(after, row.Address);
                return after;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, BackoffMaxMs)), cancellationToken);
        }
        throw new OrleansException($"The membership table changed {AttemptCountMax} times in a row just before it was written.");
    }

    /// <summary>The silo of the changed row hears of it too, even where it is dead by now: it should stop at once.</summary>
    private void Tell(MembershipData data, SiloAddress changed)
    {
        if (!options.Value.UseLivenessGossip)
            return;
        foreach (var row in data.Rows)
        {
            if (!row.Address.Equals(local.SiloAddress) && (row.Status != SiloStatus.Dead || row.Address.Equals(changed)))
                control.TellOfChange(row.Address, data.Version);
        }
    }
}

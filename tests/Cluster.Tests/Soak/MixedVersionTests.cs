using GrainVault.Cluster.Tests.Faults;
using GrainVault.Cluster.Tests.Load;
using GrainVault.TestKit.Cluster;
using Xunit.Abstractions;

namespace GrainVault.Cluster.Tests.Soak;

/// <summary>A rolling upgrade: processes of the previous commit and of this one are one system meanwhile.</summary>
public sealed class MixedVersionTests(ITestOutputHelper output)
{
    private const int WorkInEachMixture = 500;

    private static readonly TimeSpan WorkLimit = TimeSpan.FromMinutes(3);

    [SoakFact]
    public async Task Rolling_upgrade_from_the_previous_commit_fails_no_request_of_clients_that_retry_once()
    {
        using var earlier = await EarlierBuild.MakeAsync();
        var now = new VaultClusterSettings();
        output.WriteLine($"from commit {earlier.Commit}");
        await using var cluster = await RunningCluster.StartAsync(new VaultClusterSettings
        {
            // One old silo and one new one is the smallest mixture, and the one that both upgrades pass through.
            SiloCount = 2,
            SiloProgram = earlier.Silo,
            FrontEndProgram = earlier.FrontEnd,
            Environment = RunningCluster.Settings,
        });
        var (silos, frontEnds) = (cluster.Processes.Silos, cluster.Processes.FrontEnds);
        foreach (var member in (VaultMember[])[silos[0], frontEnds[0], silos[1], frontEnds[1]])
        {
            await cluster.UnderLoadAsync(output, RetryRule.Once, async () =>
            {
                await member.StopOrderlyAsync();
                member.Program = silos.Contains(member) ? now.SiloProgram : now.FrontEndProgram;
                await member.StartAsync();
                output.WriteLine($"{member.Name} is new");
                await cluster.Load.ReachAsync(WorkInEachMixture, WorkLimit);
            });
        }
    }
}

using System.Diagnostics;
using System.Globalization;
using GrainVault.Cluster.Tests.Load;
using Npgsql;

namespace GrainVault.Cluster.Tests.Checks;

/// <summary>The checks after each fault; the load stands still meanwhile.</summary>
internal sealed class Verdict(
    LoadGenerator load,
    Probes probes,
    IReadOnlyList<Uri> frontEnds,
    NpgsqlDataSource database,
    Func<Task<(int ExitCode, string Output)>> fsck)
{
    public ActivationCheck Activations { get; } = new(probes, frontEnds, database);

    /// <summary>Fails unless everything that was promised holds; returns what was looked at.</summary>
    public async Task<string> CheckAsync()
    {
        var clock = Stopwatch.StartNew();
        Assert.False(load.IsRunning);
        var checks = load.Clients.Select(client => new AcknowledgedCheck(client)).ToList();
        // The probes are another user's.
        var activations = Activations.RunAsync();
        await Task.WhenAll(checks.Select(check => check.RunAsync()));
        var read = clock.Elapsed;
        await activations;
        await Task.WhenAll(load.Clients.DistinctBy(client => client.User).Select(client => QuotaCheck.RunAsync(client.Http)));
        var counted = clock.Elapsed;
        var (code, text) = await fsck();
        Assert.True(code == 0, text);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{checks.Sum(check => check.FileCount)} files and {checks.Sum(check => check.PartCount)} parts of sessions that were open are whole and {checks.Sum(check => check.GoneCount)} deleted files stay away ({read.TotalSeconds:f1} s), quota right, one activation per grain ({(counted - read).TotalSeconds:f1} s more), fsck clean ({(clock.Elapsed - counted).TotalSeconds:f1} s)");
    }
}

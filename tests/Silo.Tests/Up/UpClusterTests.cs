using System.Globalization;
using GrainVault.Silo.Postgres;
using GrainVault.TestKit.Processes;

namespace GrainVault.Silo.Tests.Up;

/// <summary>The one command that an operator types, when it starts a whole cluster.</summary>
public sealed class UpClusterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Whole_cluster_runs_in_one_group_and_what_dies_comes_back_while_the_others_go_on()
    {
        await using var up = new UpRun("--silos", "3", "--apis", "2");
        await up.StartAndWaitAsync();
        string[] names = ["silo-1", "silo-2", "silo-3", "api-1", "api-2"];
        var before = names.ToDictionary(name => name, up.Pid);
        Assert.All([.. names, "postgres", "s3"], name => Assert.Equal(up.GroupId, UpRun.GroupOf(up.Pid(name))));
        Assert.All(names, name => Assert.EndsWith(
            name.StartsWith("silo", StringComparison.Ordinal) ? "/GrainVault.Silo" : "/GrainVault.Api",
            new FileInfo($"/proc/{up.Pid(name)}/exe").LinkTarget,
            StringComparison.Ordinal));
        Assert.All([.. names, "postgres", "s3"], name => Assert.NotEmpty(File.ReadAllText(Path.Combine(up.DataDirectory, "logs", $"{name}.log"))));
        Assert.True(await up.IsReadyAsync(1) && await up.IsReadyAsync(2));
        var ports = await File.ReadAllTextAsync(Path.Combine(up.DataDirectory, "ports"));

        foreach (var name in (string[])["silo-2", "api-2", "postgres"])
            PosixCalls.Signal(up.Pid(name), PosixCalls.SignalKill);
        await Eventually.TrueAsync(
            async () => up.Pid("silo-2") != before["silo-2"] && up.Pid("api-2") != before["api-2"] && await SiloIsReadyAsync(ports, 2) && await up.IsReadyAsync(1) && await up.IsReadyAsync(2),
            Patience,
            () => up.Output);

        Assert.All(["silo-1", "silo-3", "api-1"], name => Assert.Equal(before[name], up.Pid(name)));
        var code = await up.StopAsync();
        Assert.True(code == 0, up.Output);
        Assert.Empty(up.FindProcesses());
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(up.DataDirectory, "run"), "*.pid"));
        Assert.Equal(ports, await File.ReadAllTextAsync(Path.Combine(up.DataDirectory, "ports")));
    }

    [Fact]
    public async Task One_data_directory_serves_one_process_a_cluster_and_one_process_again()
    {
        await using var up = new UpRun("--store", "s3");
        await up.StartAndWaitAsync();
        Assert.Equal(0, await up.StopAsync());

        up.Arguments = ["--silos", "2"];
        await up.StartAndWaitAsync();
        var secrets = await File.ReadAllTextAsync(Path.Combine(up.DataDirectory, "cluster.secrets"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(up.DataDirectory, "cluster.secrets")));
        Assert.DoesNotContain(secrets.Split(' ')[0], up.Output, StringComparison.Ordinal);
        await up.KillAllAsync();
        await up.StartAndWaitAsync(); // The silos that were killed still stand in the member table.
        Assert.Equal(secrets, await File.ReadAllTextAsync(Path.Combine(up.DataDirectory, "cluster.secrets")));
        Assert.Equal(0, await up.StopAsync());

        up.Arguments = ["--store", "s3"];
        await up.StartAndWaitAsync();
        Assert.True(await up.IsReadyAsync());
        Assert.Equal(0, await up.StopAsync());
        Assert.Empty(up.FindProcesses());
    }

    private static async Task<bool> SiloIsReadyAsync(string ports, int number)
    {
        var health = int.Parse(ports.Split('\n')[number - 1].Split(' ')[3], CultureInfo.InvariantCulture);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using var answer = await http.GetAsync($"http://127.0.0.1:{health}/healthz/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}

using GrainVault.Silo.Postgres;
using GrainVault.Silo.Startup;
using GrainVault.TestKit.Processes;
using Npgsql;

namespace GrainVault.Silo.Tests.Up;

/// <summary>The one command that an operator types, from its start to its end.</summary>
public sealed class UpTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Runs_in_one_group_and_SIGTERM_leaves_nothing_behind()
    {
        await using var up = new UpRun();
        await up.StartAndWaitAsync();
        Assert.True(await up.IsReadyAsync());
        Assert.Equal(up.GroupId, UpRun.GroupOf(up.Pid("api-1")));
        Assert.Equal(up.GroupId, UpRun.GroupOf(up.Pid("postgres")));
        Assert.EndsWith("/GrainVault.Api", new FileInfo($"/proc/{up.Pid("api-1")}/exe").LinkTarget, StringComparison.Ordinal);

        var code = await up.StopAsync();

        Assert.True(code == 0, up.Output);
        Assert.Empty(up.FindProcesses());
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(up.DataDirectory, "run"), "*.pid"));
    }

    [Fact]
    public async Task SIGKILL_of_everything_is_recovered_by_the_same_command()
    {
        await using var up = new UpRun();
        await up.StartAndWaitAsync();
        await ExecuteAsync(up, "CREATE TABLE public.marks AS SELECT 45 AS id");

        await up.KillAllAsync();
        await up.StartAndWaitAsync();

        Assert.True(await up.IsReadyAsync());
        Assert.Equal(45, await ExecuteAsync(up, "SELECT id FROM public.marks"));
        Assert.Equal(0, await up.StopAsync());
    }

    [Fact]
    public async Task Dead_front_end_and_dead_database_are_started_again()
    {
        await using var up = new UpRun();
        await up.StartAndWaitAsync();
        var (api, postgres) = (up.Pid("api-1"), up.Pid("postgres"));

        PosixCalls.Signal(postgres, PosixCalls.SignalKill);
        await Eventually.TrueAsync(async () => up.Pid("postgres") != postgres && await up.IsReadyAsync(), Patience, () => up.Output);
        Assert.Equal(api, up.Pid("api-1"));

        PosixCalls.Signal(api, PosixCalls.SignalKill);
        await Eventually.TrueAsync(async () => up.Pid("api-1") != api && await up.IsReadyAsync(), Patience, () => up.Output);

        Assert.Equal(0, await up.StopAsync());
        Assert.Empty(up.FindProcesses());
    }

    [Fact]
    public async Task Front_end_ends_when_the_command_alone_is_killed()
    {
        await using var up = new UpRun();
        await up.StartAndWaitAsync();

        PosixCalls.Signal(up.GroupId, PosixCalls.SignalKill);

        await Eventually.TrueAsync(() => Task.FromResult(up.FindProcesses().Count == 0), Patience, () => up.Output);
    }

    [Fact]
    public async Task Interrupt_of_the_whole_group_stops_in_order_too()
    {
        await using var up = new UpRun();
        await up.StartAndWaitAsync();

        PosixCalls.Signal(-up.GroupId, PosixCalls.SignalInterrupt); // What a terminal does on Ctrl-C.

        Assert.Equal(0, await up.WaitForExitAsync());
        Assert.Empty(up.FindProcesses());
    }

    [Fact]
    public async Task Local_S3_server_runs_beside_the_front_end_and_ends_with_it()
    {
        await using var up = new UpRun("--store", "s3");
        await up.StartAndWaitAsync();
        Assert.True(await up.IsReadyAsync());
        Assert.Equal(up.GroupId, UpRun.GroupOf(up.Pid("s3")));

        await up.KillAllAsync();
        await up.StartAndWaitAsync();

        Assert.True(await up.IsReadyAsync());
        Assert.Equal(0, await up.StopAsync());
        Assert.False(File.Exists(Path.Combine(up.DataDirectory, "run", "s3.pid")));
        Assert.Equal("s3\n", await File.ReadAllTextAsync(Path.Combine(up.DataDirectory, "store")));
    }

    [Fact]
    public async Task Stores_run_alone_for_the_operator_and_stop_in_order()
    {
        await using var up = new UpRun("--stores");
        await up.StartAsync();
        await Eventually.TrueAsync(() => Task.FromResult(up.Output.Contains("the stores are ready", StringComparison.Ordinal)), Patience, () => up.Output);

        Assert.Equal(1, await ExecuteAsync(up, "SELECT 1"));
        Assert.False(File.Exists(Path.Combine(up.DataDirectory, "run", "api-1.pid")));

        Assert.Equal(0, await up.StopAsync());
        Assert.Empty(up.FindProcesses());
    }

    [Fact]
    public async Task Data_directory_with_content_in_the_other_store_is_refused()
    {
        await using var up = new UpRun("--store", "s3");
        Directory.CreateDirectory(up.DataDirectory);
        await File.WriteAllTextAsync(Path.Combine(up.DataDirectory, "store"), "disk\n");

        await up.StartAsync();

        Assert.Equal(2, await up.WaitForExitAsync());
        Assert.EndsWith($"the files of '{up.DataDirectory}' are in 'disk'; run ./eng/up --store disk or set GrainVault__Data__Directory to another folder", up.Output, StringComparison.Ordinal);
        Assert.Empty(up.FindProcesses());
    }

    [Theory]
    [InlineData("up: --store is 'tape'; allowed: disk, s3", "--store", "tape")]
    [InlineData("up: --apis is '0'; allowed: 1 to 99", "--apis", "0")]
    [InlineData("up: --silos is 'many'; allowed: 1 to 99", "--silos", "many")]
    [InlineData("up: --silos needs a value", "--silos")]
    [InlineData("up: '--fast' is no option; allowed: --silos N, --apis M, --store disk|s3, --stores", "--fast")]
    [InlineData("up: --stores starts no silo and no front end; allowed: --stores alone", "--silos", "3", "--stores")]
    [InlineData("up: --store is 'disk'; allowed: s3, since several processes share the store", "--silos", "3", "--store", "disk")]
    [InlineData("up: --store is 'disk'; allowed: s3, since several processes share the store", "--apis", "2", "--store", "disk")]
    public async Task Wrong_argument_is_answered_in_one_line(string line, params string[] arguments)
    {
        await using var up = new UpRun(arguments);

        await up.StartAsync();

        Assert.Equal(2, await up.WaitForExitAsync());
        Assert.Equal(line, up.Output);
        Assert.False(Directory.Exists(up.DataDirectory));
    }

    [Fact]
    public async Task Wrong_setting_ends_the_command_with_its_line()
    {
        await using var up = new UpRun();

        await up.StartAsync(("GrainVault__Cluster__SiloPort", "x"));

        Assert.Equal(StartRefusedException.ExitCode, await up.WaitForExitAsync());
        Assert.Contains("GrainVault can't start: GrainVault:Cluster:SiloPort is 'x'; allowed: a whole number from 0 to 65535.", up.Output, StringComparison.Ordinal);
        Assert.Empty(up.FindProcesses());
    }

    private static async Task<object?> ExecuteAsync(UpRun up, string sql)
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionFile.TryRead(up.DataDirectory)) { Pooling = false };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}

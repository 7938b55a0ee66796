using GrainVault.TestKit;
using GrainVault.TestKit.Processes;

namespace GrainVault.Silo.Tests.Up;

/// <summary>The parts of <c>./eng/up</c> that need no system to run.</summary>
public sealed class ScriptTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080", 1, "http://127.0.0.1:8080")]
    [InlineData("http://127.0.0.1:8080/", 2, "http://127.0.0.1:8081")]
    [InlineData("http://*:80;https://[::1]:8443", 3, "http://*:82;https://[::1]:8445")]
    [InlineData("http://localhost", 2, "http://localhost:81")]
    [InlineData("https://localhost", 1, "https://localhost:443")]
    public async Task Front_ends_take_one_port_after_the_other(string first, int number, string expected) =>
        Assert.Equal(expected, await RunAsync($"urls='{first}'; urls_of {number}"));

    [Fact]
    public async Task Log_that_grew_too_long_is_put_aside_and_three_are_kept()
    {
        using var folder = new TestFolder();
        await RunAsync($"""
            cd '{folder.Path}'
            for round in 1 2 3 4 5; do echo "$round" >a.log; truncate -s 17M a.log; rotate_log a.log; done
            echo short >b.log; rotate_log b.log
            """);

        Assert.Equal(["a.log.1", "a.log.2", "a.log.3", "b.log"], Directory.EnumerateFiles(folder.Path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.Equal('5', (char)File.OpenRead(folder["a.log.1"]).ReadByte());
        Assert.Equal('3', (char)File.OpenRead(folder["a.log.3"]).ReadByte());
    }

    [Fact]
    public async Task Secrets_are_made_once_and_for_the_owner_alone_and_what_is_set_wins()
    {
        using var folder = new TestFolder();
        const string Prepare = "prepare_secrets; echo \"$GrainVault__Cluster__Secret $GrainVault__Auth__SigningKeys__0__Secret\"";

        var first = await RunAsync($"data='{folder.Path}'; {Prepare}");
        var second = await RunAsync($"data='{folder.Path}'; {Prepare}");
        var chosen = await RunAsync($"data='{folder.Path}'; GrainVault__Cluster__Secret=mine; {Prepare}");

        Assert.Equal(first, second);
        Assert.True(first.Split(' ')[0].Length >= 32);
        Assert.Equal(32, Convert.FromBase64String(first.Split(' ')[1]).Length);
        Assert.StartsWith("mine ", chosen, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["cluster.secrets"]));
    }

    [Fact]
    public async Task Long_command_is_reported_with_its_last_step_and_keeps_its_exit_code()
    {
        using var folder = new TestFolder();
        var output = await RunAsync($$"""
            progress_seconds=1 steps='{{folder["steps"]}}' said='{{folder["said"]}}'
            slow() {
              printf '  First -> first.dll\n  Second -> second.dll\n' >"$steps"
              for ((round = 0; round < 300; round++)); do
                if [ -s "$said" ]; then return 7; fi
                sleep 0.1
              done
            }
            code=0
            with_progress "still building" "$steps" slow >"$said" || code=$?
            cat "$said"
            echo "code $code, children: $(cat /proc/$$/task/$$/children | wc -w)"
            """);

        // The only child is the one that counts.
        Assert.Matches(@"^\S+: still building, 1 s \(done: Second\)\n(.*\n)*code 7, children: 1$", output.Trim());
    }

    [Fact]
    public async Task Command_beside_a_cluster_gets_what_all_its_processes_have_in_common()
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder["postgres.connection"], "Host=127.0.0.1;Port=5433;Username=ada;Password=p=1;Database=files\n");
        await File.WriteAllTextAsync(folder["store"], "s3\n");
        await File.WriteAllTextAsync(folder["s3.settings"], "9000 key word\n");
        await File.WriteAllTextAsync(folder["cluster.secrets"], "secret kid c2lnbg==\n");

        var output = await RunAsync($$"""
            for name in $(compgen -v GrainVault__) $(compgen -v PG); do unset "$name"; done
            GrainVault__Data__Directory='{{folder.Path}}' "$repo_root/eng/with-settings" bash -c 'echo "$PGHOST:$PGPORT $PGUSER $PGPASSWORD $PGDATABASE
            $GrainVault__Postgres__ConnectionString
            $GrainVault__Objects__Provider $AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID $GrainVault__Objects__S3__SecretKey
            $GrainVault__Cluster__Secret $GrainVault__Auth__SigningKeys__0__Kid $GrainVault__Auth__SigningKeys__0__Secret"'
            """);

        Assert.Equal(
            [
                "127.0.0.1:5433 ada p=1 files",
                "Host=127.0.0.1;Port=5433;Username=ada;Password=p=1;Database=files",
                "s3 http://127.0.0.1:9000 key word",
                "secret kid c2lnbg==",
            ],
            output.Trim().Split('\n').Select(line => line.Trim()));
    }

    private static async Task<string> RunAsync(string script)
    {
        var engine = Path.Combine(Repository.Root, "eng");
        await using var run = ProgramRun.Start(
            "bash", Repository.Root, arguments: ["-euc", $". {engine}/lib.sh; . {engine}/processes.sh; . {engine}/cluster.sh\n{script}"]);
        Assert.True(await run.WaitForExitAsync() == 0, run.Errors);
        return run.Output;
    }
}

using GrainVault.Silo.Hosting;
using GrainVault.Silo.Startup;
using GrainVault.TestKit;
using GrainVault.TestKit.Processes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace GrainVault.Silo.Tests.Options;

public sealed class OptionsTests
{
    [Theory]
    [InlineData("Postgres:SharedBuffersMiB", "abc", "GrainVault:Postgres:SharedBuffersMiB is 'abc'; allowed: a whole number from 16 to 1048576.")]
    [InlineData("Postgres:SharedBuffersMiB", "1", "GrainVault:Postgres:SharedBuffersMiB is '1'; allowed: a whole number from 16 to 1048576.")]
    [InlineData("Postgres:CataloguePoolSizeMax", "-1", "GrainVault:Postgres:CataloguePoolSizeMax is '-1'; allowed: a whole number from 2 to 1000.")]
    [InlineData("Postgres:CataloguePoolSizeMax", "99999999999", "GrainVault:Postgres:CataloguePoolSizeMax is '99999999999'; allowed: a whole number from 2 to 1000.")]
    [InlineData("Postgres:StartTimeout", "soon", "GrainVault:Postgres:StartTimeout is 'soon'; allowed: a time span from 00:00:01 to 01:00:00.")]
    [InlineData("Postgres:StopTimeout", "00:00:00", "GrainVault:Postgres:StopTimeout is '00:00:00'; allowed: a time span from 00:00:01 to 00:10:00.")]
    [InlineData("Postgres:ConnectionString", "Passwort=geheim", "GrainVault:Postgres:ConnectionString is '(hidden)'; allowed: a connection string such as Host=db;Username=grainvault;Password=...;Database=grainvault.")]
    [InlineData("Postgres:Identity", "geheim", "GrainVault:Postgres:Identity is '(hidden)'; allowed: a connection string such as Host=db;Username=grainvault;Password=...;Database=grainvault.")]
    [InlineData("Cluster:Mode", "solo", "GrainVault:Cluster:Mode is 'solo'; allowed: embedded, cohost, client.")]
    [InlineData("Cluster:ClusterId", "a b", "GrainVault:Cluster:ClusterId is 'a b'; allowed: a name of 1 to 100 letters, digits, '-', '_' and '.'.")]
    [InlineData("Cluster:SiloPort", "70000", "GrainVault:Cluster:SiloPort is '70000'; allowed: a whole number from 0 to 65535.")]
    [InlineData("Cluster:AdvertisedIp", "here", "GrainVault:Cluster:AdvertisedIp is 'here'; allowed: an IP address.")]
    [InlineData("Cluster:Mode", "cohost", "GrainVault:Cluster:Secret is '(hidden)'; allowed: at least 32 random characters, the same in every process of the cluster (openssl rand -hex 32).")]
    [InlineData("Cluster:Secret", "tooshort", "GrainVault:Cluster:Secret is '(hidden)'; allowed: at least 32 random characters, the same in every process of the cluster (openssl rand -hex 32).")]
    [InlineData("Cluster:PreviousSecrets:0", "tooshort", "GrainVault:Cluster:PreviousSecrets is '(a list)'; allowed: up to 3 earlier secrets of at least 32 characters each.")]
    [InlineData("Cluster:HealthUrl", "here", "GrainVault:Cluster:HealthUrl is 'here'; allowed: an address such as http://127.0.0.1:8081.")]
    [InlineData("Data:Directory", "", "GrainVault:Data:Directory is ''; allowed: the path of a folder.")]
    [InlineData("Objects:Disk:ThreadCount", "many", "GrainVault:Objects:Disk:ThreadCount is 'many'; allowed: a whole number.")]
    [InlineData("Postgres:ConectionString", "Host=db", "GrainVault:Postgres:ConectionString is set, but there is no such key; did you mean GrainVault:Postgres:ConnectionString?")]
    [InlineData("Postgress:ConnectionString", "Host=db", "GrainVault:Postgress is set, but there is no such key; did you mean GrainVault:Postgres?")]
    public void Wrong_value_is_refused_with_key_value_and_what_is_allowed(string key, string value, string line)
    {
        var failure = Record.Exception(() => Compose(($"GrainVault:{key}", value)));

        Assert.NotNull(failure);
        Assert.Equal($"GrainVault can't start: {line}", StartFailure.Describe(failure));
    }

    [Fact]
    public void All_wrong_values_of_a_section_stand_in_one_line()
    {
        var refused = Assert.Throws<StartRefusedException>(() => Compose(("GrainVault:Cluster:SiloPort", "x"), ("GrainVault:Cluster:GatewayPort", "y")));

        Assert.Contains("Cluster:SiloPort is 'x'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Cluster:GatewayPort is 'y'", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public void Values_that_are_allowed_and_keys_that_resemble_none_pass() => Compose(
        ("GrainVault:Data:Folder:Name", "x"),
        ("GrainVault:Telemetry:Endpoint", "x"),
        ("GrainVault:Postgres:StartTimeout", "00:01:00"),
        ("GrainVault:postgres:SHAREDBUFFERSMIB", "64"),
        ("GrainVault:Cluster:Mode", "EMBEDDED"),
        ("GrainVault:Limits:SomethingOfTheFrontEnd", "1"));

    [Theory]
    [InlineData("cohost", "", "s3", "GrainVault:Postgres:ConnectionString is ''; allowed: with GrainVault:Cluster:Mode 'cohost', the connection string of the PostgreSQL that all processes share.")]
    [InlineData("cohost", "Host=db", "disk", "GrainVault:Objects:Provider is 'disk'; allowed: with GrainVault:Cluster:Mode 'cohost', s3, since a disk belongs to one process.")]
    [InlineData("client", "Host=db", "s3", "GrainVault:Cluster:Mode is 'client'; allowed: embedded, cohost (this process is a silo).")]
    public void Silo_that_would_be_alone_without_knowing_is_refused(string mode, string connectionString, string provider, string line)
    {
        var failure = Record.Exception(() => Compose(
            ("GrainVault:Cluster:Mode", mode),
            ("GrainVault:Cluster:Secret", "0123456789abcdef0123456789abcdef"),
            ("GrainVault:Postgres:ConnectionString", connectionString),
            ("GrainVault:Objects:Provider", provider)));

        Assert.NotNull(failure);
        Assert.Equal($"GrainVault can't start: {line}", StartFailure.Describe(failure));
    }

    [Fact]
    public async Task Wrong_value_ends_the_process_with_one_line_and_no_stack_trace()
    {
        using var folder = new TestFolder();
        await using var silo = ProgramRun.Start(
            Repository.Built("src/Silo", "GrainVault.Silo"), folder.Path, new Dictionary<string, string> { ["GrainVault__Cluster__SiloPort"] = "x" });

        Assert.Equal(StartRefusedException.ExitCode, await silo.WaitForExitAsync());
        Assert.Equal("GrainVault can't start: GrainVault:Cluster:SiloPort is 'x'; allowed: a whole number from 0 to 65535.", silo.Errors);
        Assert.Empty(silo.Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    private static void Compose(params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        builder.AddGrainVaultSilo();
        GrainVaultHost.CheckOptions(builder.Build());
    }
}

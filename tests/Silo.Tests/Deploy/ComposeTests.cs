using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using GrainVault.Silo.Tests.Tidy;

namespace GrainVault.Silo.Tests.Deploy;

/// <summary>What <c>docker-compose.yml</c> must hold, found without an engine.</summary>
public sealed partial class ComposeTests
{
    private static readonly string[] SecretWords = ["PASSWORD", "SECRET", "KEY", "TOKEN"];

    private static readonly Dictionary<string, string> Values = ComposeFile.Variables(SourceTree.Text("docker-compose.yml"))
        .Where(variable => variable.How == ":?")
        .DistinctBy(variable => variable.Name)
        .ToDictionary(variable => variable.Name, _ => Convert.ToBase64String(Enumerable.Repeat((byte)7, 32).ToArray()));

    private static ComposeFile Compose => ComposeFile.Current;

    [Fact]
    public void A_whole_cluster_stands_in_it()
    {
        Assert.Equal(3, Compose.Named("silo-").Count());
        Assert.Equal(2, Compose.Named("api-").Count());
        Assert.Superset(
            new HashSet<string> { "postgres", "s3", "lb", "prometheus", "grafana", "smoke" },
            Compose.Services.Select(service => service.Key).ToHashSet());
        Assert.All(Compose.Named("api-"), api => Assert.Equal("client", Compose.Service(api)["environment"]["GrainVault__Cluster__Mode"].Text));
    }

    [Fact]
    public void Everything_waits_for_the_health_of_what_it_needs()
    {
        var needs = Compose.Services.ToDictionary(service => service.Key, service => service.Value["depends_on"].Members);
        foreach (var (service, dependencies) in needs)
        {
            Assert.All(dependencies, dependency =>
            {
                Assert.Equal("service_healthy", dependency.Value["condition"].Text);
                Assert.True(Compose.Service(dependency.Key)["healthcheck"]["test"].Exists, $"{service} waits for the health of {dependency.Key}, which says nothing about it");
            });
        }

        Assert.All(Compose.Named("silo-"), silo => Assert.Equal(["postgres", "s3"], Names(silo)));
        Assert.All(Compose.Named("api-"), api => Assert.Equal(Compose.Named("silo-").Order(), Names(api)));
        Assert.Equal(Compose.Named("api-").Order(), Names("lb"));
        Assert.Equal(["lb"], Names("smoke"));

        IEnumerable<string> Names(string service) => needs[service].Select(dependency => dependency.Key).Order();
    }

    [Fact]
    public void Every_service_that_stays_says_whether_it_is_healthy_and_how_long_it_may_take_to_stop() =>
        Assert.All(Compose.Running, service =>
        {
            Assert.Equal("CMD", service.Value["healthcheck"]["test"].Texts[0]);
            Assert.True(ComposeFile.Duration(service.Value["stop_grace_period"]) >= TimeSpan.FromSeconds(30), service.Key);
            Assert.Equal("unless-stopped", service.Value["restart"].Text);
        });

    [Fact]
    public void Only_the_load_balancer_and_what_watches_are_published_and_on_loopback()
    {
        var published = Compose.Services.Where(service => service.Value["ports"].Exists).ToList();

        Assert.Equal(["grafana", "lb", "prometheus"], published.Select(service => service.Key).Order());
        Assert.All(published, service => Assert.StartsWith("127.0.0.1:", ComposeFile.Interpolate(Assert.Single(service.Value["ports"].Texts), Values), StringComparison.Ordinal));
        Assert.All(Compose.Services, service => Assert.False(service.Value["network_mode"].Exists, service.Key));
    }

    [Fact]
    public void Silos_databases_and_stores_are_where_no_client_comes()
    {
        Assert.Equal("true", Compose.Root["networks"]["back"]["internal"].Text);
        Assert.All([.. Compose.Named("silo-"), "postgres", "s3", "cli"], name => Assert.Equal(["back"], Compose.Service(name)["networks"].Texts));
        Assert.All(["lb", "smoke", "grafana"], name => Assert.DoesNotContain("back", Compose.Service(name)["networks"].Texts));
        Assert.All(Compose.Services, service =>
            Assert.All(service.Value["networks"].Texts, network => Assert.Contains(network, Compose.Root["networks"].Members.Select(member => member.Key))));
    }

    [Fact]
    public void Front_ends_believe_their_own_network_about_addresses_and_nobody_else()
    {
        var subnet = Assert.Single(Compose.Root["networks"]["front"]["ipam"]["config"].Items)["subnet"].Text;
        Assert.InRange(IPNetwork.Parse(ComposeFile.Interpolate(subnet, Values)).PrefixLength, 24, 30);
        Assert.All(Compose.Named("api-"), api =>
        {
            var known = Compose.Service(api)["environment"].Members.Where(member => member.Key.StartsWith("GrainVault__Proxies__Known", StringComparison.Ordinal));
            Assert.Equal(subnet, Assert.Single(known).Value.Text);
        });
        var there = Compose.Services.Where(service => service.Value["networks"].Texts.Contains("front")).Select(service => service.Key);
        Assert.Equal(["lb", "smoke"], there.Except(Compose.Named("api-")).Order());
    }

    [Fact]
    public void Every_container_is_an_ordinary_user_without_rights()
    {
        Assert.All(Compose.Services, service =>
        {
            Assert.Matches("^[1-9][0-9]*(:[0-9]+)?$", service.Value["user"].Text);
            Assert.Equal(["ALL"], service.Value["cap_drop"].Texts);
            Assert.Contains("no-new-privileges:true", service.Value["security_opt"].Texts);
            Assert.False(service.Value["privileged"].Exists || service.Value["cap_add"].Exists, service.Key);
        });
        var writable = Compose.Services.Where(service => !service.Value["read_only"].Exists).Select(service => service.Key);
        Assert.Equal(["prometheus"], writable);
    }

    [Fact]
    public void Every_container_has_a_limit_of_everything() =>
        Assert.All(Compose.Services, service =>
        {
            var limits = service.Value["deploy"]["resources"]["limits"];
            Assert.True(limits["cpus"].Exists && limits["memory"].Exists && limits["pids"].Exists, service.Key);
            Assert.True(service.Value["logging"]["options"]["max-size"].Exists, service.Key);
        });

    [Fact]
    public void Every_image_has_one_version() =>
        Assert.All(Compose.Services, service => Assert.Matches(PinnedImage(), ComposeFile.Interpolate(service.Value["image"].Text, Values)));

    [Fact]
    public void Images_of_our_own_are_stages_of_the_Dockerfile() =>
        Assert.All(Compose.Services.Where(service => service.Value["build"].Exists), service =>
        {
            var target = service.Value["build"]["target"].Text;
            Assert.Contains(target, Dockerfile.Current.Stages.Select(stage => stage.Name));
            Assert.StartsWith($"grainvault-{target}:", service.Value["image"].Text, StringComparison.Ordinal);
            Assert.All(service.Value["build"]["args"].Members, argument => Assert.Contains(argument.Key, Dockerfile.Current.Arguments));
        });

    [Fact]
    public void Volumes_belong_to_one_service_and_mounted_files_exist()
    {
        var used = new List<string>();
        foreach (var (service, value) in Compose.Services)
        {
            foreach (var volume in value["volumes"].Texts.Select(text => text.Split(':')))
            {
                if (!volume[0].StartsWith("./", StringComparison.Ordinal))
                {
                    used.Add(volume[0]);
                    continue;
                }

                Assert.True(SourceTree.Exists(volume[0][2..]), $"{service}: {volume[0]}");
                Assert.Equal("ro", volume[2]);
            }
        }

        Assert.Equal(Compose.Root["volumes"].Members.Select(member => member.Key).Order(), used.Order());
        Assert.Equal(used.Count, used.Distinct().Count());
        Assert.All([.. Compose.Named("silo-"), .. Compose.Named("api-"), "postgres", "s3"], service => Assert.Contains(service, used));
    }

    [Fact]
    public void No_secret_has_a_default()
    {
        foreach (var (name, how) in ComposeFile.Variables(SourceTree.Text("docker-compose.yml")))
            Assert.Equal(SecretWords.Any(word => name.Contains(word, StringComparison.Ordinal)) ? ":?" : ":-", how);
        foreach (var (service, value) in Compose.Services)
        {
            foreach (var (key, setting) in value["environment"].Members.Where(member => IsSecret(member.Key)))
                Assert.True(ComposeFile.Variables(setting.Text).Any(variable => variable.How == ":?"), $"{service}: {key}");
        }

        static bool IsSecret(string key) => key.EndsWith("__ConnectionString", StringComparison.Ordinal)
            || SecretWords.Any(word => key.Split('_')[^1].EndsWith(word, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Every_setting_exists() =>
        Assert.Empty(Settings.Unknown(Compose.Services.SelectMany(service => service.Value["environment"].Members.Select(member => member.Key))));

    [Theory]
    [InlineData("silo-1")]
    [InlineData("cli")]
    public void Settings_are_allowed_and_PostgreSQL_has_connections_for_all(string service)
    {
        var (postgres, shutdown) = Settings.Compose(Compose.Environment(service, Values));

        var connections = Compose.Service("postgres")["command"].Texts.Single(text => text.StartsWith("max_connections=", StringComparison.Ordinal));
        Assert.InRange(int.Parse(connections.Split('=')[1], CultureInfo.InvariantCulture), postgres.ServerConnectionCountMax, 1_000);
        Assert.InRange(postgres.ProcessCountMax, Compose.Named("silo-").Count() + Compose.Named("api-").Count(), 1_000);
        Assert.All([.. Compose.Named("silo-"), .. Compose.Named("api-")], name => Assert.True(ComposeFile.Duration(Compose.Service(name)["stop_grace_period"]) > shutdown));
    }

    [GeneratedRegex(@"^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?$")]
    private static partial Regex PinnedImage();
}

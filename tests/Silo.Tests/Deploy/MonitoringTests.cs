using System.Text.RegularExpressions;
using GrainVault.Silo.Tests.Tidy;

namespace GrainVault.Silo.Tests.Deploy;

/// <summary>That the load balancer, Prometheus and Grafana look where something is.</summary>
public sealed partial class MonitoringTests
{
    private static ComposeFile Compose => ComposeFile.Current;

    private static IReadOnlyList<Yaml> Jobs => Yaml.Load("deploy/prometheus/prometheus.yml")["scrape_configs"].Items;

    [Fact]
    public void Every_target_is_a_service_that_Prometheus_reaches()
    {
        var own = Compose.Service("prometheus")["networks"].Texts;
        foreach (var (host, _) in Targets().Where(target => target.Host != "127.0.0.1"))
            Assert.NotEmpty(Compose.Service(host)["networks"].Texts.Intersect(own));
    }

    [Fact]
    public void Every_silo_and_every_front_end_is_asked_with_the_token_where_it_listens()
    {
        Assert.Equal(Compose.Named("silo-").Select(name => $"{name}:{PortOf(name, "GrainVault__Cluster__HealthUrl")}"), TargetsOf("silos"));
        Assert.Equal(Compose.Named("api-").Select(name => $"{name}:{PortOf(name, "ASPNETCORE_URLS")}"), TargetsOf("front-ends"));
        Assert.All(Jobs.Where(job => job["job_name"].Text is "silos" or "front-ends"), job =>
        {
            var secret = Path.GetFileName(job["authorization"]["credentials_file"].Text);
            Assert.Equal($"/run/secrets/{secret}", job["authorization"]["credentials_file"].Text);
            Assert.Contains(secret, Compose.Service("prometheus")["secrets"].Texts);
            var variable = Compose.Root["secrets"][secret]["environment"].Text;
            Assert.All([.. Compose.Named("silo-"), .. Compose.Named("api-")], name =>
                Assert.Contains($"${{{variable}:?", Compose.Service(name)["environment"]["GrainVault__Metrics__Token"].Text, StringComparison.Ordinal));
        });
    }

    [Fact]
    public void Alerts_on_reachability_name_jobs_and_proxies_that_exist()
    {
        var jobs = Jobs.Select(job => job["job_name"].Text).ToHashSet();
        var expressions = Yaml.Load("deploy/prometheus/reachability-alerts.yml")["groups"].Items.SelectMany(group => group["rules"].Items).Select(rule => rule["expr"].Text).ToList();

        Assert.NotEmpty(expressions);
        Assert.All(expressions, expression =>
        {
            var matches = LabelPattern().Matches(expression);
            Assert.NotEmpty(matches);
            Assert.All(matches, match => Assert.Contains(match.Groups["value"].Value, match.Groups["label"].Value == "job" ? jobs : ["front-ends"]));
        });
        Assert.Contains("backend front-ends\n", SourceTree.Text("deploy/lb/haproxy.cfg"), StringComparison.Ordinal);
    }

    [Fact]
    public void Alert_files_are_read()
    {
        var pattern = Assert.Single(Yaml.Load("deploy/prometheus/prometheus.yml")["rule_files"].Texts);
        var files = SourceTree.Files.Where(file => file.StartsWith("deploy/prometheus/", StringComparison.Ordinal) && !file.EndsWith("/prometheus.yml", StringComparison.Ordinal)).ToList();

        Assert.Equal("*alerts.yml", pattern);
        Assert.Contains("deploy/prometheus/alerts.yml", files);
        Assert.All(files, file => Assert.EndsWith("alerts.yml", file, StringComparison.Ordinal));
    }

    [Fact]
    public void Grafana_finds_Prometheus_and_the_dashboards()
    {
        var source = Assert.Single(Yaml.Load("deploy/grafana/provisioning/datasources/prometheus.yml")["datasources"].Items);
        Assert.Equal("prometheus", new Uri(source["url"].Text).Host);
        Assert.NotEmpty(Compose.Service("grafana")["networks"].Texts.Intersect(Compose.Service("prometheus")["networks"].Texts));
        var path = Assert.Single(Yaml.Load("deploy/grafana/provisioning/dashboards/grainvault.yml")["providers"].Items)["options"]["path"].Text;
        Assert.Contains($"./deploy/grafana/dashboards:{path}:ro", Compose.Service("grafana")["volumes"].Texts);
        Assert.Contains(SourceTree.Files, file => file.StartsWith("deploy/grafana/dashboards/", StringComparison.Ordinal) && file.EndsWith(".json", StringComparison.Ordinal));
    }

    [Fact]
    public void Load_balancer_knows_every_front_end_and_asks_whether_it_is_ready()
    {
        var text = SourceTree.Text("deploy/lb/haproxy.cfg");
        var servers = ServerPattern().Matches(text).Select(match => match.Groups["address"].Value);

        Assert.Equal(Compose.Named("api-").Select(name => $"{name}:{PortOf(name, "ASPNETCORE_URLS")}"), servers);
        Assert.Contains("http-check send meth GET uri /healthz/ready", text, StringComparison.Ordinal);
        Assert.Contains("http-check expect status 200", text, StringComparison.Ordinal);
        // With it, HAProxy would wait for whole bodies.
        Assert.DoesNotContain("http-buffer-request", text, StringComparison.Ordinal);
        // What was sent once is repeated by the client alone, unless it changed nothing.
        Assert.Contains("http-request disable-l7-retry unless { method GET HEAD }", text, StringComparison.Ordinal);
        Assert.Contains("http-request set-header X-Forwarded-For %[src]", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_the_load_balancer_names_are_mounted_and_its_ports_are_those_of_Compose()
    {
        var text = SourceTree.Text("deploy/lb/haproxy.cfg");
        var mounted = Compose.Service("lb")["volumes"].Texts.Select(volume => volume.Split(':')[1]).ToList();

        Assert.All(FilePattern().Matches(text), match => Assert.Contains(match.Value, mounted));
        Assert.Contains("bind :8080", text, StringComparison.Ordinal);
        Assert.EndsWith(":8080", Assert.Single(Compose.Service("lb")["ports"].Texts), StringComparison.Ordinal);
        Assert.Contains("bind :8404", text, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:8404/healthz", Compose.Service("lb")["healthcheck"]["test"].Texts);
        Assert.Contains("lb:8404", TargetsOf("load-balancer"));
    }

    [Fact]
    public void Answer_without_a_front_end_is_a_whole_response_that_says_when_to_come_back()
    {
        var parts = SourceTree.Text("deploy/lb/503.http").Split("\r\n\r\n");
        Assert.Equal(2, parts.Length);
        Assert.StartsWith("HTTP/1.1 503 ", parts[0], StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: 1\r\n", parts[0], StringComparison.Ordinal);
        Assert.EndsWith($"\r\nContent-Length: {parts[1].Length}", parts[0], StringComparison.Ordinal);
        using var problem = System.Text.Json.JsonDocument.Parse(parts[1]);
        Assert.Equal("unavailable", problem.RootElement.GetProperty("type").GetString());
    }

    private static int PortOf(string service, string setting) =>
        new Uri(Compose.Service(service)["environment"][setting].Text.Replace('+', '0')).Port;

    private static IEnumerable<string> TargetsOf(string job) =>
        Jobs.Single(candidate => candidate["job_name"].Text == job)["static_configs"].Items.SelectMany(group => group["targets"].Texts);

    private static IEnumerable<(string Host, int Port)> Targets() =>
        Jobs.SelectMany(job => TargetsOf(job["job_name"].Text)).Select(target => new Uri($"http://{target}")).Select(address => (address.Host, address.Port));

    [GeneratedRegex(@"(?<label>job|proxy)=""(?<value>[^""]+)""")]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"^\s+server \S+ (?<address>\S+)", RegexOptions.Multiline)]
    private static partial Regex ServerPattern();

    [GeneratedRegex(@"(?<=\s)/usr/local/etc/\S+")]
    private static partial Regex FilePattern();
}

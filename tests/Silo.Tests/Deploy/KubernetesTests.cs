using System.Globalization;
using GrainVault.Silo.Tests.Tidy;

namespace GrainVault.Silo.Tests.Deploy;

/// <summary>What the manifests must hold, found without a cluster.</summary>
public sealed class KubernetesTests
{
    private const string Folder = "deploy/kubernetes";

    private static readonly IReadOnlyList<Yaml> Base =
        [.. Yaml.Load($"{Folder}/kustomization.yaml")["resources"].Texts.SelectMany(file => Yaml.LoadAll($"{Folder}/{file}"))];

    private static readonly IReadOnlyList<Yaml> Examples =
        [.. SourceTree.Files.Where(file => file.StartsWith(Folder, StringComparison.Ordinal) && file.EndsWith(".example.yaml", StringComparison.Ordinal)).SelectMany(Yaml.LoadAll)];

    private static IEnumerable<Yaml> Workloads => Base.Concat(Examples).Where(document => document["kind"].Text is "Deployment" or "Job");

    [Fact]
    public void Every_file_is_part_of_the_kustomization_or_an_example()
    {
        var files = SourceTree.Files.Where(file => file.StartsWith(Folder, StringComparison.Ordinal)).Select(file => Path.GetFileName(file)!);
        var loose = files.Except(Yaml.Load($"{Folder}/kustomization.yaml")["resources"].Texts).Where(file => file != "kustomization.yaml");

        Assert.All(loose, file => Assert.EndsWith(".example.yaml", file, StringComparison.Ordinal));
        Assert.All(Base.Concat(Examples), document => Assert.True(document["apiVersion"].Exists && document["kind"].Exists && document["metadata"]["name"].Exists, document.Path));
        Assert.DoesNotContain(Base, document => document["kind"].Text == "Secret");
    }

    [Fact]
    public void Every_container_is_an_ordinary_user_without_rights() =>
        Assert.All(Workloads, workload =>
        {
            var pod = Pod(workload);
            Assert.Equal("true", pod["securityContext"]["runAsNonRoot"].Text);
            Assert.Matches("^[1-9][0-9]*$", pod["securityContext"]["runAsUser"].Text);
            Assert.Equal("RuntimeDefault", pod["securityContext"]["seccompProfile"]["type"].Text);
            Assert.Equal("false", pod["automountServiceAccountToken"].Text);
            var context = Container(workload)["securityContext"];
            Assert.Equal("false", context["allowPrivilegeEscalation"].Text);
            Assert.Equal("true", context["readOnlyRootFilesystem"].Text);
            Assert.Equal(["ALL"], context["capabilities"]["drop"].Texts);
        });

    [Fact]
    public void Users_are_those_of_the_images() =>
        Assert.All(Workloads, workload =>
        {
            var name = workload["metadata"]["name"].Text;
            var user = Dockerfile.Current.Whole(name).Last(instruction => instruction.Name == "USER").Text;
            Assert.Equal(user.Split(':')[0], Pod(workload)["securityContext"]["runAsUser"].Text);
        });

    [Fact]
    public void Every_image_has_one_version()
    {
        var pinned = Yaml.Load($"{Folder}/kustomization.yaml")["images"].Items.ToDictionary(image => image["name"].Text, image => image["newTag"].Text);
        Assert.All(pinned.Values, tag => Assert.Matches(@"^\d+\.\d+\.\d+$", tag));
        Assert.All(Workloads, workload =>
        {
            var image = Container(workload)["image"].Text.Split(':');
            Assert.Equal($"grainvault-{workload["metadata"]["name"].Text}", image[0]);
            Assert.Matches(@"^\d+\.\d+\.\d+$", image.Length > 1 ? image[1] : pinned[image[0]]);
        });
    }

    [Fact]
    public void Kubernetes_asks_for_health_and_gives_time_to_start_and_to_leave()
    {
        var deployments = Base.Where(document => document["kind"].Text == "Deployment").ToList();
        Assert.Equal(["api", "silo"], deployments.Select(document => document["metadata"]["name"].Text).Order());
        var (postgres, shutdown) = Settings.Compose(Environment("silo"));
        Assert.All(deployments, deployment =>
        {
            var container = Container(deployment);
            var ports = container["ports"].Items.Select(port => port["name"].Text).ToList();
            foreach (var probe in new[] { "startupProbe", "readinessProbe", "livenessProbe" })
            {
                Assert.Contains(container[probe]["httpGet"]["port"].Text, ports);
                Assert.Equal(probe == "readinessProbe" ? "/healthz/ready" : "/healthz/live", container[probe]["httpGet"]["path"].Text);
            }

            var grace = TimeSpan.FromSeconds(Number(Pod(deployment)["terminationGracePeriodSeconds"]));
            var before = container["lifecycle"]["preStop"]["exec"]["command"].Texts is [_, var seconds] ? double.Parse(seconds, CultureInfo.InvariantCulture) : 0;
            Assert.True(grace > shutdown + TimeSpan.FromSeconds(before), deployment.Path);
            Assert.True(container["resources"]["requests"]["cpu"].Exists && container["resources"]["limits"]["memory"].Exists, deployment.Path);
            Assert.Equal("0", deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"].Text);
            Assert.True(Pod(deployment)["affinity"]["podAntiAffinity"].Exists && Pod(deployment)["topologySpreadConstraints"].Exists, deployment.Path);
        });
        // Nothing is answered before the schemas are migrated.
        var startup = Container(Named("Deployment", "silo"))["startupProbe"];
        Assert.True(Number(startup["periodSeconds"]) * Number(startup["failureThreshold"]) > postgres.MigrationTimeout.TotalSeconds);
    }

    [Fact]
    public void A_silo_is_found_under_the_address_of_its_pod()
    {
        var silo = Container(Named("Deployment", "silo"));
        var address = silo["env"].Items.Single(variable => variable["name"].Text == "GrainVault__Cluster__AdvertisedIp");
        Assert.Equal("status.podIP", address["valueFrom"]["fieldRef"]["fieldPath"].Text);
        var settings = Environment("silo");
        Assert.Equal(
            [settings["GrainVault__Cluster__SiloPort"], settings["GrainVault__Cluster__GatewayPort"], new Uri(settings["GrainVault__Cluster__HealthUrl"]).Port.ToString(CultureInfo.InvariantCulture)],
            silo["ports"].Items.Select(port => port["containerPort"].Text));
    }

    [Fact]
    public void Silo_ports_are_open_to_silos_and_front_ends_alone()
    {
        var opened = from policy in Base.Where(document => document["kind"].Text == "NetworkPolicy")
                     from rule in policy["spec"]["ingress"].Items
                     from port in rule["ports"].Items
                     from peer in rule["from"].Items.DefaultIfEmpty(rule["from"])
                     select (Port: port["port"].Text, From: peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] is { Exists: true } component ? component.Text : "others", Policy: policy["metadata"]["name"].Text);

        Assert.Equal([("11111", "silo"), ("30000", "api"), ("8080", "others"), ("8081", "others")], opened.Select(rule => (rule.Port, rule.From)).Order());
        var closed = Named("NetworkPolicy", "nothing-by-default")["spec"];
        Assert.Empty(closed["podSelector"].Members);
        Assert.Equal(["Ingress", "Egress"], closed["policyTypes"].Texts);
        Assert.DoesNotContain(Base, document => document["kind"].Text == "Service" && document["spec"]["selector"]["app.kubernetes.io/component"].Text == "silo");
    }

    [Fact]
    public void Pods_are_selected_by_labels_that_they_have()
    {
        var labels = Workloads.Select(workload => workload["spec"]["template"]["metadata"]["labels"].Members.Select(label => (label.Key, label.Value.Text)).ToHashSet()).ToList();
        var selectors = from document in Base
                        from selector in new[] { document["spec"]["selector"]["matchLabels"], document["spec"]["podSelector"]["matchLabels"], document["kind"].Text == "Service" ? document["spec"]["selector"] : document["nothing"] }
                        where selector.Exists
                        select selector;

        Assert.All(selectors, selector => Assert.Contains(labels, pod => selector.Members.All(label => pod.Contains((label.Key, label.Value.Text)))));
    }

    [Fact]
    public void Every_deployment_has_a_disruption_budget_and_an_autoscaler_that_is_slow_to_take_away()
    {
        foreach (var name in new[] { "silo", "api" })
        {
            Assert.Equal("1", Named("PodDisruptionBudget", name)["spec"]["maxUnavailable"].Text);
            var scaler = Named("HorizontalPodAutoscaler", name)["spec"];
            Assert.Equal(name, scaler["scaleTargetRef"]["name"].Text);
            Assert.True(Number(scaler["minReplicas"]) >= 2);
            Assert.True(Number(scaler["behavior"]["scaleDown"]["stabilizationWindowSeconds"]) >= 300);
            Assert.Equal("1", Assert.Single(scaler["behavior"]["scaleDown"]["policies"].Items)["value"].Text);
            // Each would undo the other's choice.
            Assert.False(Named("Deployment", name)["spec"]["replicas"].Exists);
        }

        Assert.True(Number(Named("HorizontalPodAutoscaler", "silo")["spec"]["minReplicas"]) >= 3);
    }

    [Fact]
    public void Settings_are_allowed_and_count_every_process_that_the_autoscalers_may_start()
    {
        var (postgres, _) = Settings.Compose(Environment("silo"));
        var most = new[] { "silo", "api" }.Sum(name =>
            Number(Named("HorizontalPodAutoscaler", name)["spec"]["maxReplicas"]) + Number(Named("Deployment", name)["spec"]["strategy"]["rollingUpdate"]["maxSurge"]));

        Assert.InRange(postgres.ProcessCountMax, (int)most, 1_000);
        Assert.Empty(Settings.Unknown(Environment("silo").Keys.Concat(Environment("api").Keys)));
    }

    [Fact]
    public void Nobody_is_believed_about_addresses_until_an_operator_names_the_way_in()
    {
        var known = Environment("api").Where(variable => variable.Key.StartsWith("GrainVault__Proxies__Known", StringComparison.Ordinal));
        Assert.Equal("", Assert.Single(known).Value);
        // In the map, where an overlay can set it: what stands in the deployment itself would win over that.
        Assert.True(Named("ConfigMap", "grainvault")["data"]["GrainVault__Proxies__Known__0"].Exists);
    }

    [Fact]
    public void Secrets_are_a_template_without_values()
    {
        var secrets = Examples.Where(document => document["kind"].Text == "Secret").ToList();
        Assert.NotEmpty(secrets);
        Assert.All(secrets.SelectMany(secret => secret["stringData"].Members), value => Assert.Contains("FILL-IN", value.Value.Text, StringComparison.Ordinal));
        var used = Workloads.SelectMany(workload => Container(workload)["envFrom"].Items).Where(source => source["secretRef"].Exists).Select(source => source["secretRef"]["name"].Text);
        Assert.Equal(secrets.Select(secret => secret["metadata"]["name"].Text).Order(), used.Distinct().Order());
        // Whoever has the signing key can sign tokens.
        Assert.DoesNotContain("grainvault-signing", Container(Named("Deployment", "silo"))["envFrom"].Items.Select(source => source["secretRef"]["name"]).Where(name => name.Exists).Select(name => name.Text));
    }

    private static Yaml Named(string kind, string name) =>
        Base.Single(document => document["kind"].Text == kind && document["metadata"]["name"].Text == name);

    private static Yaml Pod(Yaml workload) => workload["spec"]["template"]["spec"];

    private static Yaml Container(Yaml workload) => Assert.Single(Pod(workload)["containers"].Items);

    private static double Number(Yaml node) => double.Parse(node.Text, CultureInfo.InvariantCulture);

    /// <summary>The variables of a deployment, as its pods would see them.</summary>
    private static Dictionary<string, string> Environment(string deployment)
    {
        var container = Container(Named("Deployment", deployment));
        var variables = new Dictionary<string, string>();
        foreach (var source in container["envFrom"].Items)
        {
            var values = source["configMapRef"].Exists
                ? Named("ConfigMap", source["configMapRef"]["name"].Text)["data"]
                : Examples.Single(document => document["kind"].Text == "Secret" && document["metadata"]["name"].Text == source["secretRef"]["name"].Text)["stringData"];
            foreach (var (key, value) in values.Members)
                variables[key] = value.Text.Replace("FILL-IN", "0123456789abcdef0123456789abcdef", StringComparison.Ordinal);
        }

        foreach (var variable in container["env"].Items)
            variables[variable["name"].Text] = variable["value"].Exists ? variable["value"].Text : "10.1.2.3";
        return variables;
    }
}

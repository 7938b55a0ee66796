using System.Text.RegularExpressions;
using GrainVault.Silo.Tests.Tidy;

namespace GrainVault.Silo.Tests.Deploy;

/// <summary>What the Dockerfile must hold, found without an engine.</summary>
public sealed partial class DockerfileTests
{
    private static readonly string[] Targets = ["api", "silo", "cli", "smoke"];

    private static Dockerfile Images => Dockerfile.Current;

    [Fact]
    public void Every_target_runs_as_an_ordinary_user_and_stops_in_order() =>
        Assert.All(Targets, target =>
        {
            var instructions = Images.Whole(target).ToList();
            Assert.Matches("^[1-9][0-9]*(:[1-9][0-9]*)?$", instructions.Last(instruction => instruction.Name == "USER").Text);
            Assert.Equal("SIGTERM", instructions.Last(instruction => instruction.Name == "STOPSIGNAL").Text);
            Assert.StartsWith("[", instructions.Last(instruction => instruction.Name == "ENTRYPOINT").Text, StringComparison.Ordinal);
        });

    [Theory]
    [InlineData("api", 8080)]
    [InlineData("silo", 8081)]
    public void Servers_say_whether_they_are_ready_where_they_listen(string target, int port)
    {
        var instructions = Images.Whole(target).ToList();

        var check = instructions.Last(instruction => instruction.Name == "HEALTHCHECK").Text;
        Assert.EndsWith($"CMD [\"healthcheck\", \"{port}\"]", check, StringComparison.Ordinal);
        Assert.Contains($":{port}", string.Join(' ', instructions.Where(instruction => instruction.Name == "ENV").Select(instruction => instruction.Text)), StringComparison.Ordinal);
        Assert.Contains($"{port}", instructions.Last(instruction => instruction.Name == "EXPOSE").Text.Split(' '));
    }

    [Fact]
    public void Every_base_image_has_one_version()
    {
        var names = Images.Stages.Select(stage => stage.Name).ToHashSet();
        var external = Images.Stages.Where(stage => !names.Contains(stage.From)).Select(stage => stage.From).ToList();

        Assert.Equal(3, external.Count);
        Assert.All(external, image =>
        {
            var resolved = ArgumentPattern().Replace(image, match => Images.Defaults[match.Groups[1].Value]);
            Assert.Matches(@"^[a-z0-9./-]+:\d+\.\d+\.\d+(-[a-z0-9.]+)?$", resolved);
        });
    }

    [Fact]
    public void Every_project_of_the_product_is_restored_before_sources_come()
    {
        var restore = Images.Stages.Single(stage => stage.Name == "restore");
        var copied = Images.CopiedFromContext.Where(source => source.EndsWith(".csproj", StringComparison.Ordinal));
        var projects = SourceTree.Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)
            && (file.StartsWith("src/", StringComparison.Ordinal) || file.StartsWith("compat/", StringComparison.Ordinal)));

        Assert.Equal(projects.Order(StringComparer.Ordinal), copied.Order(StringComparer.Ordinal));
        Assert.Equal("RUN", restore.Instructions[^1].Name);
        // A project file goes where it stands in the repository.
        Assert.All(restore.Instructions.Where(instruction => instruction.Name == "COPY" && instruction.Text.Contains(".csproj", StringComparison.Ordinal)), copy =>
        {
            var words = copy.Text.Split(' ');
            Assert.Equal(Path.GetDirectoryName(words[0]) + "/", words[1]);
        });
    }

    [Fact]
    public void What_is_copied_exists_and_reaches_the_engine()
    {
        var ignore = SourceTree.Lines(".dockerignore");
        Assert.All(Images.CopiedFromContext, source =>
        {
            var path = source.TrimEnd('/');
            Assert.True(SourceTree.Exists(path), path);
            Assert.True(ignore.Any(line => line == $"!{path}" || path.StartsWith($"{line.TrimStart('!')}/", StringComparison.Ordinal)), $"{path} is kept back by .dockerignore");
        });
    }

    [Fact]
    public void Nothing_of_this_machine_gets_into_an_image()
    {
        var ignore = SourceTree.Lines(".dockerignore").Where(line => !line.StartsWith('#')).ToList();

        Assert.Equal("*", ignore[0]);
        Assert.DoesNotContain(ignore, line => line.StartsWith("!eng", StringComparison.Ordinal) || line == "!.env" || line.StartsWith("!.data", StringComparison.Ordinal));
        Assert.Superset(new HashSet<string> { "**/bin", "**/obj" }, ignore.SkipWhile(line => line == "*" || line.StartsWith('!')).ToHashSet());
    }

    [Fact]
    public void Images_run_on_the_official_packages_unless_told_otherwise()
    {
        Assert.Equal("nuget", Images.Defaults["ORLEANS_RUNTIME"]);
        Assert.Equal("nuget", Images.Defaults["JWT_BEARER_PACKAGE"]);
        var builds = Images.Stages.SelectMany(stage => stage.Instructions).Where(instruction => instruction.Name == "RUN" && instruction.Text.Contains("dotnet ", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, builds.Count);
        Assert.All(builds, build =>
        {
            Assert.Contains("-p:OrleansRuntime=$ORLEANS_RUNTIME", build.Text, StringComparison.Ordinal);
            Assert.Contains("-p:JwtBearerPackage=$JWT_BEARER_PACKAGE", build.Text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Names_can_be_normalised_in_it() =>
        Assert.Contains("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=false", Images.Whole("silo").First(instruction => instruction.Name == "ENV").Text, StringComparison.Ordinal);

    [Fact]
    public void Settings_of_an_image_exist()
    {
        var names = Images.Stages.SelectMany(stage => stage.Instructions)
            .Where(instruction => instruction.Name == "ENV")
            .SelectMany(instruction => SettingPattern().Matches(instruction.Text).Select(match => match.Value))
            .ToList();

        Assert.NotEmpty(names);
        Assert.Empty(Settings.Unknown(names));
    }

    [GeneratedRegex(@"\$\{(\w+)\}")]
    private static partial Regex ArgumentPattern();

    [GeneratedRegex(@"GrainVault__\w+")]
    private static partial Regex SettingPattern();
}

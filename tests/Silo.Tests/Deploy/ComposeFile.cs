using System.Globalization;
using System.Text.RegularExpressions;

namespace GrainVault.Silo.Tests.Deploy;

/// <summary><c>docker-compose.yml</c>, as the engine reads it.</summary>
internal sealed partial class ComposeFile
{
    public static ComposeFile Current { get; } = new();

    public Yaml Root { get; } = Yaml.Load("docker-compose.yml");

    public IReadOnlyList<(string Key, Yaml Value)> Services => Root["services"].Members;

    /// <summary>Services that stay: those without a profile.</summary>
    public IEnumerable<(string Key, Yaml Value)> Running => Services.Where(service => !service.Value["profiles"].Exists);

    public IEnumerable<string> Named(string prefix) => Services.Select(service => service.Key).Where(name => name.StartsWith(prefix, StringComparison.Ordinal));

    public Yaml Service(string name) => Root["services"][name];

    /// <summary>A service's variables, with every <c>${NAME}</c> filled in.</summary>
    /// <param name="service">Name of the service.</param>
    /// <param name="values">Values of the variables; a required one without a value is an error.</param>
    public IReadOnlyDictionary<string, string> Environment(string service, IReadOnlyDictionary<string, string> values) =>
        Service(service)["environment"].Members.ToDictionary(member => member.Key, member => Interpolate(member.Value.Text, values));

    public static string Interpolate(string text, IReadOnlyDictionary<string, string> values) => VariablePattern().Replace(text, match =>
    {
        var name = match.Groups["name"].Value;
        if (values.TryGetValue(name, out var value) && value.Length > 0)
            return value;
        return match.Groups["how"].Value == ":-" ? match.Groups["rest"].Value : throw new InvalidDataException($"{name} is required: {match.Groups["rest"].Value}");
    });

    /// <summary>All variables of the file, with <c>:?</c> (required) or <c>:-</c> (with a default).</summary>
    public static IEnumerable<(string Name, string How)> Variables(string text) =>
        VariablePattern().Matches(text).Select(match => (match.Groups["name"].Value, match.Groups["how"].Value));

    /// <summary>Seconds of <c>90s</c>, <c>2m</c>.</summary>
    public static TimeSpan Duration(Yaml node)
    {
        var number = double.Parse(node.Text[..^1], CultureInfo.InvariantCulture);
        return node.Text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            _ => throw new InvalidDataException($"{node.Path} is '{node.Text}'"),
        };
    }

    [GeneratedRegex(@"\$\{(?<name>\w+)(?<how>:[-?])?(?<rest>[^}]*)\}")]
    private static partial Regex VariablePattern();
}

using System.Text.RegularExpressions;
using GrainVault.Silo.Tests.Tidy;

namespace GrainVault.Silo.Tests.Deploy;

/// <summary>An instruction of the Dockerfile; lines that continue are one.</summary>
internal sealed record DockerInstruction(string Name, string Text);

/// <summary>A stage of the Dockerfile.</summary>
/// <param name="Name">What <c>--target</c> takes.</param>
/// <param name="From">An image, or an earlier stage.</param>
/// <param name="Instructions">In their order.</param>
internal sealed record DockerStage(string Name, string From, List<DockerInstruction> Instructions);

/// <summary>The Dockerfile, parsed as far as the tests need it.</summary>
internal sealed partial class Dockerfile
{
    private readonly List<DockerInstruction> _header = [];

    private Dockerfile()
    {
        foreach (var instruction in Read(SourceTree.Text("Dockerfile")))
        {
            if (FromPattern().Match(instruction.Text) is { Success: true } from && instruction.Name == "FROM")
                Stages.Add(new DockerStage(from.Groups["name"].Value, from.Groups["image"].Value, []));
            else
                (Stages.Count == 0 ? _header : Stages[^1].Instructions).Add(instruction);
        }
    }

    public static Dockerfile Current { get; } = new();

    public List<DockerStage> Stages { get; } = [];

    /// <summary>Names of all <c>ARG</c>s.</summary>
    public IEnumerable<string> Arguments => Defaults.Keys;

    /// <summary>Defaults of all <c>ARG</c>s.</summary>
    public IReadOnlyDictionary<string, string> Defaults => _header.Concat(Stages.SelectMany(stage => stage.Instructions))
        .Where(instruction => instruction.Name == "ARG")
        .Select(instruction => instruction.Text.Split('=', 2))
        .ToDictionary(pair => pair[0], pair => pair[1]);

    /// <summary>A stage with the instructions of those that it is built on, oldest first.</summary>
    public IEnumerable<DockerInstruction> Whole(string stage)
    {
        var own = Stages.Single(candidate => candidate.Name == stage);
        var below = Stages.Any(candidate => candidate.Name == own.From) ? Whole(own.From) : [];
        return below.Concat(own.Instructions);
    }

    /// <summary>Sources of <c>COPY</c> that come from the build context.</summary>
    public IEnumerable<string> CopiedFromContext => Stages.SelectMany(stage => stage.Instructions)
        .Where(instruction => instruction.Name == "COPY" && !instruction.Text.Contains("--from=", StringComparison.Ordinal))
        .SelectMany(instruction => instruction.Text.Split(' ').Where(word => !word.StartsWith("--", StringComparison.Ordinal)).SkipLast(1));

    private static IEnumerable<DockerInstruction> Read(string text)
    {
        var lines = text.Split('\n').Where(line => line.Length > 0 && !line.StartsWith('#'));
        foreach (var line in ContinuationPattern().Replace(string.Join('\n', lines), " ").Split('\n'))
        {
            var parts = line.Split(' ', 2);
            yield return new DockerInstruction(parts[0], parts[1].Trim());
        }
    }

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex ContinuationPattern();

    [GeneratedRegex(@"^(?<image>\S+) AS (?<name>\S+)$")]
    private static partial Regex FromPattern();
}

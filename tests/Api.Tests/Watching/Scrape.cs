using System.Globalization;
using System.Text.RegularExpressions;

namespace GrainVault.Api.Tests.Watching;

/// <summary>One sample of <c>/metrics</c>.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>An answer of <c>/metrics</c>, read by the grammar of the text format: what it does not allow fails.</summary>
internal sealed partial class Scrape
{
    private Scrape(IReadOnlyList<Sample> samples) => Samples = samples;

    public IReadOnlyList<Sample> Samples { get; }

    public IReadOnlySet<string> Names => Samples.Select(sample => sample.Name).ToHashSet(StringComparer.Ordinal);

    public IReadOnlySet<string> Labels => Samples.SelectMany(sample => sample.Labels.Keys).ToHashSet(StringComparer.Ordinal);

    public static Scrape Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var samples = new List<Sample>();
        var types = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                var words = line.Split(' ');
                Assert.True(types.TryAdd(words[2], words[3]), $"twice: {line}");
            }
            else if (!line.StartsWith('#'))
            {
                samples.Add(ParseSample(line));
            }
        }

        Assert.Equal(samples.Count, samples.Select(sample => $"{sample.Name} {string.Join(',', sample.Labels.OrderBy(label => label.Key, StringComparer.Ordinal))}").Distinct().Count());
        Assert.All(samples, sample => Assert.Contains(types.Keys, type => sample.Name.StartsWith(type, StringComparison.Ordinal)));
        return new Scrape(samples);
    }

    /// <summary>The sum of a metric over all series with these labels.</summary>
    public double Sum(string name, params (string Name, string Value)[] labels) => Samples
        .Where(sample => sample.Name == name && labels.All(label => sample.Labels.TryGetValue(label.Name, out var value) && value == label.Value))
        .Sum(sample => sample.Value);

    private static Sample ParseSample(string line)
    {
        var match = SamplePattern().Match(line);
        Assert.True(match.Success, $"not a sample: {line}");
        var labels = match.Groups["label"].Captures.Zip(match.Groups["value"].Captures)
            .ToDictionary(pair => pair.First.Value, pair => pair.Second.Value, StringComparer.Ordinal);
        var number = match.Groups["number"].Value;
        return new Sample(match.Groups["name"].Value, labels, number == "+Inf" ? double.PositiveInfinity : double.Parse(number, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?:(?<label>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\\n]|\\[\\"n])*)",?)*\})? (?<number>\S+)$""")]
    private static partial Regex SamplePattern();
}

using GrainVault.TestKit.Processes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace GrainVault.Silo.Tests.Deploy;

/// <summary>A node of a YAML document, with anchors and merge keys resolved. A member that is not there is a node too, which does not exist.</summary>
internal sealed class Yaml
{
    private readonly object? _value;

    private Yaml(object? value, string path) => (_value, Path) = (value, path);

    /// <summary>Where the node stands, for messages.</summary>
    public string Path { get; }

    public bool Exists => _value is not null;

    public string Text => _value as string ?? throw new InvalidDataException($"{Path} is no text");

    public IReadOnlyList<Yaml> Items => _value switch
    {
        null => [],
        List<object> items => [.. items.Select((item, index) => new Yaml(item, $"{Path}[{index}]"))],
        _ => throw new InvalidDataException($"{Path} is no list"),
    };

    public IReadOnlyList<string> Texts => [.. Items.Select(item => item.Text)];

    public IReadOnlyList<(string Key, Yaml Value)> Members => _value switch
    {
        null => [],
        Dictionary<object, object> members => [.. members.Select(member => ((string)member.Key, new Yaml(member.Value, $"{Path}.{member.Key}")))],
        _ => throw new InvalidDataException($"{Path} is no mapping"),
    };

    public Yaml this[string key] =>
        new(_value is Dictionary<object, object> members ? members.GetValueOrDefault(key) : null, $"{Path}.{key}");

    /// <summary>The only document of a file.</summary>
    /// <param name="file">Relative to the root of the repository.</param>
    public static Yaml Load(string file) => Assert.Single(LoadAll(file));

    /// <summary>All documents of a file.</summary>
    /// <param name="file">Relative to the root of the repository.</param>
    public static IReadOnlyList<Yaml> LoadAll(string file)
    {
        using var reader = File.OpenText(System.IO.Path.Combine(Repository.Root, file));
        var parser = new MergingParser(new Parser(reader));
        var deserializer = new DeserializerBuilder().Build();
        var documents = new List<Yaml>();
        parser.Consume<StreamStart>();
        while (!parser.Accept<StreamEnd>(out _))
            documents.Add(new Yaml(deserializer.Deserialize<object>(parser), file));
        return documents;
    }

    public override string ToString() => Path;
}

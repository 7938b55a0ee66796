using System.Reflection;
using GrainVault.Silo.Startup;

namespace GrainVault.Silo.Options;

/// <summary>
/// The keys that this process understands. A key below <c>GrainVault</c> that looks like a misspelling is refused: a
/// misspelt connection string would otherwise start an empty embedded database without a word. A key that resembles none
/// belongs to another release or to a tool beside us; it is named in a warning and ignored.
/// </summary>
public sealed class KnownKeys
{
    private const int SuggestionDistanceMax = 3;

    /// <summary>Sections that exist; each kind of process reads some of them and ignores the others.</summary>
    private static readonly string[] Sections = ["Audit", "Auth", "Changes", "Cluster", "Cors", "Data", "Direct", "Http", "Inbox", "Ingest", "Janitor", "Limits", "Links", "Metrics", "Objects", "Postgres", "Proxies", "Resilience", "StorageActivity", "Telemetry", "Webhooks"];

    private readonly HashSet<string> _keys = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _openKeys = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _complete = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Every key with a value of its own, without <c>GrainVault:</c>.</summary>
    public IEnumerable<string> Keys => _keys.Order(StringComparer.Ordinal);

    /// <summary>Adds the keys of an options class.</summary>
    /// <param name="section">Section below <c>GrainVault</c>.</param>
    /// <param name="options">The class that the section is bound to.</param>
    /// <param name="isWholeSection">False when other processes read more keys of the same section, which must then pass here.</param>
    public void Add(string section, Type options, bool isWholeSection = true)
    {
        if (isWholeSection)
            _complete.Add(section);
        foreach (var property in options.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var key = $"{section}:{property.Name}";
            if (OptionsReader.IsSection(property.PropertyType))
                Add(key, property.PropertyType, isWholeSection: false);
            else if (property.CanWrite && (property.PropertyType == typeof(string) || !typeof(System.Collections.IEnumerable).IsAssignableFrom(property.PropertyType)))
                _keys.Add(key);
            else
                _openKeys.Add(key); // Lists and dictionaries: any child.
        }
    }

    /// <summary>Refuses the first key that looks misspelt, and returns the keys that nobody reads.</summary>
    /// <exception cref="StartRefusedException">Names the key and the nearest one that exists.</exception>
    public IReadOnlyList<string> RefuseMisspelt(IConfiguration configuration)
    {
        var ignored = new List<string>();
        foreach (var section in configuration.GetSection(OptionsReader.Root).GetChildren())
        {
            if (!Sections.Contains(section.Key, StringComparer.OrdinalIgnoreCase))
            {
                RefuseNear(section.Key, Sections);
                ignored.Add($"{OptionsReader.Root}:{section.Key}");
                continue;
            }

            if (!_complete.Contains(section.Key))
                continue;
            foreach (var key in Leaves(section, section.Key))
            {
                if (_keys.Contains(key) || _openKeys.Any(open => key.StartsWith(open, StringComparison.OrdinalIgnoreCase)))
                    continue;
                RefuseNear(key, _keys.Where(known => known.StartsWith(section.Key + ":", StringComparison.OrdinalIgnoreCase)));
                ignored.Add($"{OptionsReader.Root}:{key}");
            }
        }

        return ignored;
    }

    private static IEnumerable<string> Leaves(IConfigurationSection section, string path)
    {
        if (section.Value is not null)
            yield return path;
        foreach (var child in section.GetChildren())
        {
            foreach (var leaf in Leaves(child, $"{path}:{child.Key}"))
                yield return leaf;
        }
    }

    // The value is not shown: under a misspelt key nobody knows whether it is a secret.
    private static void RefuseNear(string key, IEnumerable<string> known)
    {
        var nearest = known.Order(StringComparer.Ordinal).MinBy(name => Distance(name, key));
        if (nearest is not null && Distance(nearest, key) <= SuggestionDistanceMax)
            throw new StartRefusedException($"{OptionsReader.Root}:{key} is set, but there is no such key; did you mean {OptionsReader.Root}:{nearest}?");
    }

    private static int Distance(string left, string right)
    {
        var previous = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var row = 1; row <= left.Length; row++)
        {
            var current = new int[right.Length + 1];
            current[0] = row;
            for (var column = 1; column <= right.Length; column++)
            {
                var cost = char.ToLowerInvariant(left[row - 1]) == char.ToLowerInvariant(right[column - 1]) ? 0 : 1;
                current[column] = Math.Min(Math.Min(current[column - 1] + 1, previous[column] + 1), previous[column - 1] + cost);
            }

            previous = current;
        }

        return previous[^1];
    }
}

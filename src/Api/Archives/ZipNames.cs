using System.Buffers;
using System.Globalization;

namespace GrainVault.Api.Archives;

/// <summary>
/// Names in one folder of an archive. Whatever an entry is called, its name in the archive is one that tools on every system write where
/// they were told to, and nowhere else: names are unique there also where case does not count.
/// </summary>
internal sealed class ZipNames
{
    // Separators and what Windows refuses; '/' and control characters are in no name.
    private static readonly SearchValues<char> Refused = SearchValues.Create("\\:*?\"<>|");

    private static readonly HashSet<string> Devices = new(
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. "0123456789\u00B9\u00B2\u00B3".SelectMany(digit => (string[])[$"COM{digit}", $"LPT{digit}"])],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>What is taken, in the form in which names are compared, with the last number that was put behind it.</summary>
    private readonly Dictionary<string, int> _taken = [];

    /// <summary>The name under which an entry goes into the archive.</summary>
    public string Add(string name)
    {
        var safe = Safe(name);
        var key = CaseFolding.Fold(safe);
        if (_taken.TryAdd(key, 0))
            return safe;
        while (true)
        {
            var numbered = Numbered(safe, ++_taken[key]);
            if (_taken.TryAdd(CaseFolding.Fold(numbered), 0))
                return numbered;
        }
    }

    /// <summary>The name without what some system takes for a separator, a device or nothing at all.</summary>
    public static string Safe(string name)
    {
        var safe = name.AsSpan().ContainsAny(Refused) ? string.Concat(name.Select(character => Refused.Contains(character) ? '_' : character)) : name;
        var kept = safe.AsSpan().TrimEnd(". ").Length;
        if (kept < safe.Length)
            safe = safe[..kept] + new string('_', safe.Length - kept);
        var dot = safe.IndexOf('.', StringComparison.Ordinal);
        return Devices.Contains((dot < 0 ? safe : safe[..dot]).TrimEnd(' ')) ? "_" + safe : safe;
    }

    private static string Numbered(string name, int number)
    {
        var dot = name.LastIndexOf('.');
        var at = dot > 0 ? dot : name.Length;
        return string.Create(CultureInfo.InvariantCulture, $"{name[..at]} ({number}){name[at..]}");
    }
}

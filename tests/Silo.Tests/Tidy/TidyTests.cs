using System.Text.RegularExpressions;

namespace GrainVault.Silo.Tests.Tidy;

/// <summary>The rules of the house that a compiler does not know.</summary>
public sealed partial class TidyTests
{
    private const int LineCountMax = 400;

    // Written in two pieces, so that this file keeps its own rules.
    private static readonly string[] Unfinished = ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Exception"];

    private static readonly (string Name, Regex Pattern)[] ForbiddenInGrains =
    [
        (".Wait()", WaitCall()),
        (".GetResult()", new Regex(@"GetAwaiter\(\)\.GetResult\(\)")),
        ("lock", new Regex(@"^\s*lock\s*\(")),
        ("Thread.Sleep", new Regex(@"Thread\.Sleep")),
        ("async void", new Regex(@"\basync\s+void\b")),
        ("ConfigureAwait(false)", new Regex(@"ConfigureAwait\(false\)")),
        ("the system's clock", new Regex(@"\bDateTime(Offset)?\.(UtcNow|Now)\b")),
        ("[Reentrant]", new Regex(@"^\s*\[Reentrant\]")),
    ];

    [Fact]
    public void Files_are_short_enough_to_read() =>
        AssertNone(SourceTree.Code("src", "compat", "tests", "bench").Where(file => SourceTree.Lines(file).Length > LineCountMax));

    [Fact]
    public void Nothing_is_left_unfinished() =>
        AssertNone(from file in SourceTree.TextFiles
                   from line in Numbered(file)
                   where Unfinished.Any(word => line.Text.Contains(word, StringComparison.Ordinal))
                   select line.Place);

    [Fact]
    public void No_test_is_skipped() =>
        AssertNone(from file in SourceTree.Code("tests")
                   from line in Numbered(file)
                   where SkipPattern().IsMatch(line.Text)
                   select line.Place);

    [Fact]
    public void No_test_sleeps_on_a_thread() =>
        AssertNone(from file in SourceTree.Code("tests")
                   where !file.EndsWith("Tidy/TidyTests.cs", StringComparison.Ordinal)
                   from line in Numbered(file)
                   where line.Text.Contains("Thread.Sleep(", StringComparison.Ordinal)
                   select line.Place);

    [Fact]
    public void Grains_never_block_and_never_ask_the_system_clock() =>
        AssertNone(from file in SourceTree.Code("src/Grains")
                   from line in Numbered(file)
                   where !line.Text.TrimStart().StartsWith("//", StringComparison.Ordinal)
                   from forbidden in ForbiddenInGrains
                   where forbidden.Pattern.IsMatch(line.Text)
                   select $"{line.Place}: {forbidden.Name}");

    [Fact]
    public void Front_end_sources_do_not_depend_on_the_chosen_runtime() =>
        AssertNone(from file in SourceTree.Code("src")
                   from line in Numbered(file)
                   where line.Text.StartsWith("#if", StringComparison.Ordinal)
                   select line.Place);

    [Fact]
    public void Links_between_pages_lead_somewhere() =>
        AssertNone(from page in SourceTree.Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal))
                   from Match link in LinkPattern().Matches(SourceTree.Text(page))
                   let target = link.Groups[1].Value
                   where !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#') && !target.StartsWith("mailto:", StringComparison.Ordinal)
                   let path = Path.Combine(Path.GetDirectoryName(page)!, Uri.UnescapeDataString(target.Split('#')[0]))
                   where !SourceTree.Exists(path)
                   select $"{page}: {target}");

    [Fact]
    public void Commands_and_projects_that_pages_name_exist() =>
        AssertNone(from page in SourceTree.Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal))
                   from Match command in CommandPattern().Matches(SourceTree.Text(page))
                   let target = command.Groups["path"].Value.TrimEnd('.', '/')
                   where !SourceTree.Exists(target)
                   select $"{page}: {target}");

    [Fact]
    public void Scripts_are_executable()
    {
        string[] scripts = [".ci/run", "eng/up", "eng/test", "eng/use-orleans"];
        AssertNone(scripts.Where(script => !File.GetUnixFileMode(Path.Combine(TestKit.Processes.Repository.Root, script)).HasFlag(UnixFileMode.UserExecute)));
    }

    private static void AssertNone(IEnumerable<string> places) => Assert.Equal("", string.Join('\n', places));

    private static IEnumerable<(string Place, string Text)> Numbered(string file) =>
        SourceTree.Lines(file).Select((text, index) => ($"{file}:{index + 1}", text));

    [GeneratedRegex(@"\.Wait\(\s*\)")]
    private static partial Regex WaitCall();

    [GeneratedRegex(@"\bSkip\s*=\s*[""$]")]
    private static partial Regex SkipPattern();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex(@"(?:(?<path>\.\/eng\/[\w./-]+)|--project (?<path>[\w./-]+)|(?<path>\.ci\/run))")]
    private static partial Regex CommandPattern();
}

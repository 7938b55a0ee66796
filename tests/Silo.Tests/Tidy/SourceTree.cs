using GrainVault.TestKit.Processes;

namespace GrainVault.Silo.Tests.Tidy;

/// <summary>The files of the repository, without what builds and runs leave in it.</summary>
internal static class SourceTree
{
    private static readonly string[] Left = [".git", ".data", "bin", "obj", "out", "artifacts", "node_modules", "TestResults", "dist"];
    private static readonly string[] TextExtensions = [".cs", ".csproj", ".props", ".targets", ".sql", ".md", ".sh", ".yml", ".json", ".mjs", ".ts", ".tsx", ".css", ".html", ""];

    /// <summary>Paths relative to the root.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Enumerate(Repository.Root).Order(StringComparer.Ordinal)];

    public static IEnumerable<string> TextFiles =>
        Files.Where(file => TextExtensions.Contains(Path.GetExtension(file)) && !file.EndsWith("package-lock.json", StringComparison.Ordinal));

    public static IEnumerable<string> Code(params string[] folders) =>
        Files.Where(file => file.EndsWith(".cs", StringComparison.Ordinal) && folders.Any(folder => file.StartsWith(folder + "/", StringComparison.Ordinal)));

    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Repository.Root, file));

    public static string Text(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    public static bool Exists(string path) =>
        File.Exists(Path.Combine(Repository.Root, path)) || Directory.Exists(Path.Combine(Repository.Root, path));

    private static IEnumerable<string> Enumerate(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
            yield return Path.GetRelativePath(Repository.Root, file);
        foreach (var child in Directory.EnumerateDirectories(folder).Where(child => !Left.Contains(Path.GetFileName(child))))
        {
            foreach (var file in Enumerate(child))
                yield return file;
        }
    }
}

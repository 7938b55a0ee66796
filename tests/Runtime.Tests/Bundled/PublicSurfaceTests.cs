namespace GrainVault.Runtime.Tests.Bundled;

/// <summary>The bundled runtime offers nothing that the official packages do not.</summary>
public sealed class PublicSurfaceTests
{
    private const string ListFile = "orleans-api-in-use.txt";

    [Fact]
    public void Every_public_member_is_one_of_the_official_signatures()
    {
        var official = ReadList().Select(PublicSurface.WithoutBases).ToHashSet(StringComparer.Ordinal);
        var foreign = PublicSurface.LinesOf(typeof(IGrain).Assembly).Where(line => !official.Contains(line)).ToArray();
        Assert.True(foreign.Length == 0, $"Not in {ListFile}:{Environment.NewLine}{string.Join(Environment.NewLine, foreign)}");
    }

    [Fact]
    public void List_names_nothing_that_is_gone()
    {
        var surface = PublicSurface.LinesOf(typeof(IGrain).Assembly).ToHashSet(StringComparer.Ordinal);
        Assert.DoesNotContain(ReadList(), line => !surface.Contains(PublicSurface.WithoutBases(line)));
    }

    private static HashSet<string> ReadList() =>
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, ListFile)).Where(line => line.Length > 0 && !line.StartsWith('#'))];
}

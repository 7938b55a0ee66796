namespace GrainVault.TestKit.Processes;

/// <summary>Finds the programs that were built beside the running tests, in the same configuration.</summary>
public static class Repository
{
    /// <summary>Folder that holds the solution file.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Debug or Release, as the running tests.</summary>
    public static string Configuration { get; } =
        AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            ? "Release"
            : "Debug";

    /// <summary>Path of a built program, for example <c>Built("src/Api", "GrainVault.Api")</c>.</summary>
    public static string Built(string project, string program)
    {
        var path = Path.Combine(Root, project, "bin", Configuration, "net10.0", program);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is not built", path);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "GrainVault.slnx")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"no GrainVault.slnx above {AppContext.BaseDirectory}");
    }
}

using System.ComponentModel.DataAnnotations;

namespace GrainVault.Silo.Options;

/// <summary>Where this process keeps its files; section <c>GrainVault:Data</c>.</summary>
public sealed class DataOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Data";

    /// <summary>
    /// Folder of the embedded PostgreSQL, of objects on disk, of generated keys and of pid files; relative to the current
    /// folder. Default: <c>.data</c>.
    /// </summary>
    [Required(ErrorMessage = "the path of a folder")]
    public string Directory { get; set; } = ".data";

    /// <summary><see cref="Directory"/> as an absolute path.</summary>
    public string FullPath => Path.GetFullPath(Directory);
}

using GrainVault.Storage.Disk;

namespace GrainVault.Storage;

/// <summary>Where content lives; section <c>GrainVault:Objects</c>.</summary>
public sealed class ObjectsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "GrainVault:Objects";

    /// <summary>Value of <see cref="Provider"/> for a local disk.</summary>
    public const string DiskProvider = "disk";

    /// <summary>The provider: <c>disk</c>. Default: <c>disk</c>.</summary>
    public string Provider { get; set; } = DiskProvider;

    /// <summary>Settings of the disk store.</summary>
    public DiskOptions Disk { get; } = new();
}

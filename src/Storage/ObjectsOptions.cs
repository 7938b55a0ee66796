using GrainVault.Storage.Disk;
using GrainVault.Storage.S3;

namespace GrainVault.Storage;

/// <summary>Where content lives; section <c>GrainVault:Objects</c>.</summary>
public sealed class ObjectsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "GrainVault:Objects";

    /// <summary>Value of <see cref="Provider"/> for a local disk.</summary>
    public const string DiskProvider = "disk";

    /// <summary>Value of <see cref="Provider"/> for an S3 bucket.</summary>
    public const string S3Provider = "s3";

    /// <summary>The provider: <c>disk</c> or <c>s3</c>. Default: <c>disk</c>.</summary>
    public string Provider { get; set; } = DiskProvider;

    /// <summary>Settings of the disk store.</summary>
    public DiskOptions Disk { get; } = new();

    /// <summary>Settings of the S3 store.</summary>
    public S3Options S3 { get; } = new();
}

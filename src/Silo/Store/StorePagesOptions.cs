using System.ComponentModel.DataAnnotations;

namespace GrainVault.Silo.Store;

/// <summary>Web pages that a bucket lets in, the same that front ends do; section <c>GrainVault:Cors</c>, which front ends check.</summary>
public sealed class StorePagesOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Cors";

    /// <summary>Origins such as <c>https://files.example.org</c>, or <c>*</c> for any. Default: none.</summary>
    public List<string> Origins { get; set => field = value.FindAll(one => !string.IsNullOrWhiteSpace(one)); } = [];

    /// <summary>How long a browser remembers the answer to a preflight. Default: 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan PreflightMaxAge { get; set; } = TimeSpan.FromHours(1);
}

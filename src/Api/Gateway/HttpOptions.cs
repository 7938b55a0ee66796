using System.ComponentModel.DataAnnotations;

namespace GrainVault.Api.Gateway;

/// <summary>What responses tell browsers; section <c>GrainVault:Http</c>.</summary>
internal sealed class HttpOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Http";

    /// <summary>
    /// How long a browser that came by https comes by https alone (RFC 6797); zero sends no such header. It is sent on https
    /// requests only, or behind a known proxy that took one. Default: 365 days.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan StrictTransportMaxAge { get; set; } = TimeSpan.FromDays(365);
}

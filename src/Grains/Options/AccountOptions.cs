using System.ComponentModel.DataAnnotations;

namespace GrainVault.Options;

/// <summary>Accounts and logins; section <c>GrainVault:Auth</c>. Front ends read further keys of the same section.</summary>
public sealed class AccountOptions
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Auth";

    /// <summary>Life of an access token: a revocation is remembered as long. Default: 15 min.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "1.00:00:00")]
    public TimeSpan AccessTokenLifetime { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Life of a refresh token, counted from its last use. Default: 30 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan RefreshTokenLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// Rounds of PBKDF2-HMAC-SHA512 for new password hashes; older hashes are renewed at the next login. Default: 210,000
    /// (OWASP Password Storage Cheat Sheet).
    /// </summary>
    [Range(10_000, 10_000_000)]
    public int PasswordHashIterations { get; set; } = 210_000;

    /// <summary>The first account becomes administrator. Default: false; embedded installations set it.</summary>
    public bool FirstAccountIsAdmin { get; set; }
}

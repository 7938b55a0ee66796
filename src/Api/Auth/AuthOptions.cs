namespace GrainVault.Api.Auth;

/// <summary>Tokens; section <c>GrainVault:Auth</c>.</summary>
internal sealed class AuthOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "GrainVault:Auth";

    /// <summary>The <c>iss</c> of access tokens. Default: <c>grainvault</c>.</summary>
    public string Issuer { get; set; } = "grainvault";

    /// <summary>The <c>aud</c> of access tokens. Default: <c>grainvault</c>.</summary>
    public string Audience { get; set; } = "grainvault";

    /// <summary>Life of an access token, 10 s to 1 h. Default: 15 min.</summary>
    public TimeSpan AccessTokenLifetime { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How far the clocks of front ends may differ, up to 1 min. Default: 10 s.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Keys of HMAC-SHA-256. The first signs, all verify. Required outside embedded mode; when empty in embedded mode, the
    /// keys in the data directory are used. Read again when the configuration changes.
    /// </summary>
    public List<SigningKeyOptions> SigningKeys { get; set; } = [];

    /// <summary>Age at which the key in the data directory is replaced, at least 1 h. Default: 90 days.</summary>
    public TimeSpan KeyRotation { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How often ended logins are asked for, 100 ms to 4 s. Default: 1 s.</summary>
    public TimeSpan RevocationPollPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After this time without an answer about ended logins, tokens are no longer trusted (503). Default: 60 s.</summary>
    public TimeSpan RevocationStaleMax { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Ended logins that are remembered; beyond it tokens are not trusted (503). Default: 1,000,000.</summary>
    public int RevocationsMax { get; set; } = 1_000_000;

    /// <summary>Verified tokens that are remembered, so that their signature is not computed again. Default: 10,000.</summary>
    public int VerifiedTokensMax { get; set; } = 10_000;
}

/// <summary>A signing key in the configuration.</summary>
internal sealed class SigningKeyOptions
{
    /// <summary>Key id: 1 to 64 letters, digits, dots, dashes or underscores.</summary>
    public string Kid { get; set; } = "";

    /// <summary>At least 32 random bytes in base64. A secret.</summary>
    public string Secret { get; set; } = "";
}

using System.ComponentModel.DataAnnotations;

namespace GrainVault.Api.Auth;

/// <summary>Tokens; section <c>GrainVault:Auth</c>.</summary>
internal sealed class AuthOptions : IValidatableObject
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Auth";

    /// <summary>The <c>iss</c> of access tokens. Default: <c>grainvault</c>.</summary>
    [Required(ErrorMessage = "a name")]
    public string Issuer { get; set; } = "grainvault";

    /// <summary>The <c>aud</c> of access tokens. Default: <c>grainvault</c>.</summary>
    [Required(ErrorMessage = "a name")]
    public string Audience { get; set; } = "grainvault";

    /// <summary>Life of an access token. Default: 15 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:15:00")]
    public TimeSpan AccessTokenLifetime { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How far the clocks of front ends may differ. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Keys of HMAC-SHA-256. The first signs, all verify. Required outside embedded mode; when empty in embedded mode, the
    /// keys in the data directory are used. Read again when the configuration changes.
    /// </summary>
    public List<SigningKeyOptions> SigningKeys { get; set; } = [];

    /// <summary>Age at which the key in the data directory gets a successor. Default: 90 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan KeyRotation { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How often ended logins are asked for. Default: 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:04")]
    public TimeSpan RevocationPollPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>After this time without an answer about ended logins, tokens are no longer trusted (503). Default: 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:10:00")]
    public TimeSpan RevocationStaleMax { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Ended logins that are remembered; beyond it tokens are not trusted (503). Default: 1,000,000.</summary>
    [Range(1000, 100_000_000)]
    public int RevocationsMax { get; set; } = 1_000_000;

    /// <summary>Verified tokens that are remembered, so that their signature is not computed again. Default: 10,000.</summary>
    [Range(1, 10_000_000)]
    public int VerifiedTokensMax { get; set; } = 10_000;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var kids = SigningKeys.ConvertAll(key => key.Kid);
        var isValid = SigningKeys.TrueForAll(key => SigningKey.IsKid(key.Kid) && SigningKey.DecodeSecret(key.Secret) is not null)
            && kids.Distinct(StringComparer.Ordinal).Count() == kids.Count;
        if (!isValid)
        {
            yield return new ValidationResult(
                "keys with a Kid of their own (1 to 64 letters, digits, '.', '-', '_') and a Secret of at least 32 random bytes in base64",
                [nameof(SigningKeys)]);
        }
    }
}

/// <summary>A signing key in the configuration.</summary>
internal sealed class SigningKeyOptions
{
    /// <summary>Key id: 1 to 64 letters, digits, dots, dashes or underscores.</summary>
    public string Kid { get; set; } = "";

    /// <summary>At least 32 random bytes in base64. A secret.</summary>
    public string Secret { get; set; } = "";

    /// <summary>Without the secret.</summary>
    public override string ToString() => Kid;
}

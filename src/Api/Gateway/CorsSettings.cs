using System.ComponentModel.DataAnnotations;

namespace GrainVault.Api.Gateway;

/// <summary>Web pages of other origins that may call the API; section <c>GrainVault:Cors</c>. Without origins there is no CORS at all.</summary>
internal sealed class CorsSettings : IValidatableObject
{
    /// <summary>Name of the section below <c>GrainVault</c>.</summary>
    public const string Section = "Cors";

    /// <summary>Any origin.</summary>
    public const string Any = "*";

    /// <summary>Most origins.</summary>
    private const int OriginCountMax = 1000;

    /// <summary>
    /// Origins such as <c>https://files.example.org</c>, or <c>*</c> for any; a leading <c>*.</c> of the host stands for its
    /// subdomains. Default: none.
    /// </summary>
    public List<string> Origins { get; set => field = Lists.Given(value); } = [];

    /// <summary>Response headers that pages may read, beside those that the API's clients need anyway. Default: none more.</summary>
    public List<string> ExposedHeaders { get; set => field = Lists.Given(value); } = [];

    /// <summary>
    /// Lets browsers send cookies and client certificates of their user along. The API reads neither: tokens travel in a header
    /// that a page sets. Default: false.
    /// </summary>
    public bool AllowCredentials { get; set; }

    /// <summary>How long a browser remembers the answer to a preflight. Default: 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan PreflightMaxAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>True when origins are configured.</summary>
    public bool IsOn => Origins.Count > 0;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Origins.Count > OriginCountMax || !Origins.TrueForAll(IsOrigin))
            yield return new ValidationResult("origins such as https://files.example.org or https://*.example.org, or * alone", [nameof(Origins)]);
        if (!ExposedHeaders.TrueForAll(IsToken))
            yield return new ValidationResult("names of headers", [nameof(ExposedHeaders)]);
        // Fetch standard, section 3.3.5: a wildcard never goes with credentials.
        if (AllowCredentials && Origins.Contains(Any))
            yield return new ValidationResult("false when Cors:Origins is *", [nameof(AllowCredentials)]);
    }

    // RFC 6454, section 6.2: scheme, host and port, no path. The wildcard of subdomains is ours.
    private bool IsOrigin(string origin)
    {
        if (origin == Any)
            return Origins.Count == 1;
        var plain = origin.Replace("://*.", "://", StringComparison.Ordinal);
        return !plain.Contains('*', StringComparison.Ordinal)
            && Uri.TryCreate(plain, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && uri.UserInfo.Length == 0
            && string.Equals(uri.GetLeftPart(UriPartial.Authority), plain, StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsToken(string name) => name.Length > 0 && name.All(one => char.IsAsciiLetterOrDigit(one) || one == '-');
}

using System.Globalization;
using Microsoft.Extensions.Options;

namespace GrainVault.Api.Auth;

/// <summary>Names the key, the value where it is no secret, and what is allowed.</summary>
internal sealed class AuthOptionsValidator : IValidateOptions<AuthOptions>
{
    public ValidateOptionsResult Validate(string? name, AuthOptions options)
    {
        var errors = new List<string>();
        if (string.IsNullOrWhiteSpace(options.Issuer))
            errors.Add($"{AuthOptions.Section}:Issuer is empty; allowed: any name.");
        if (string.IsNullOrWhiteSpace(options.Audience))
            errors.Add($"{AuthOptions.Section}:Audience is empty; allowed: any name.");
        Check(errors, nameof(options.AccessTokenLifetime), options.AccessTokenLifetime, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1));
        Check(errors, nameof(options.ClockSkew), options.ClockSkew, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Check(errors, nameof(options.KeyRotation), options.KeyRotation, TimeSpan.FromHours(1), TimeSpan.FromDays(3650));
        Check(errors, nameof(options.RevocationPollPeriod), options.RevocationPollPeriod, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(4));
        Check(errors, nameof(options.RevocationStaleMax), options.RevocationStaleMax, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(10));
        Check(errors, nameof(options.RevocationsMax), options.RevocationsMax, 1000, 100_000_000);
        Check(errors, nameof(options.VerifiedTokensMax), options.VerifiedTokensMax, 1, 10_000_000);
        CheckKeys(errors, options.SigningKeys);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void CheckKeys(List<string> errors, List<SigningKeyOptions> keys)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < keys.Count; i++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"{AuthOptions.Section}:SigningKeys:{i}");
            if (!SigningKey.IsKid(keys[i].Kid))
                errors.Add($"{key}:Kid is '{keys[i].Kid}'; allowed: 1 to 64 letters, digits, dots, dashes or underscores.");
            else if (!seen.Add(keys[i].Kid))
                errors.Add($"{key}:Kid is '{keys[i].Kid}', which another key has; allowed: a kid of its own for each key.");
            if (SigningKey.DecodeSecret(keys[i].Secret) is null)
                errors.Add($"{key}:Secret is not valid (it is not shown); allowed: at least {SigningKey.SecretBytesMin} bytes in base64.");
        }
    }

    private static void Check<T>(List<string> errors, string key, T value, T min, T max)
        where T : IComparable<T>, IFormattable
    {
        if (value.CompareTo(min) < 0 || value.CompareTo(max) > 0)
            errors.Add(string.Create(CultureInfo.InvariantCulture, $"{AuthOptions.Section}:{key} is {value}; allowed: {min} to {max}."));
    }
}

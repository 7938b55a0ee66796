using System.Globalization;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Microsoft.AspNetCore.Authentication.JwtBearer;

/// <summary>Writes the header <c>WWW-Authenticate</c> (RFC 6750, 3).</summary>
internal static class ChallengeHeader
{
    /// <summary>Longest value of a claim that is repeated in a description, in characters.</summary>
    private const int QuotedLengthMax = 200;

    /// <summary>The header for what the challenge says.</summary>
    public static string Create(string scheme, JwtBearerChallengeContext challenge)
    {
        var header = new StringBuilder(scheme);
        // A scheme with a parameter of its own, such as a realm, needs a comma before the next one.
        var separator = scheme.Contains(' ', StringComparison.Ordinal) ? ", " : " ";
        Append("error", challenge.Error);
        Append("error_description", challenge.ErrorDescription);
        Append("error_uri", challenge.ErrorUri);
        return header.ToString();

        void Append(string name, string? value)
        {
            if (string.IsNullOrEmpty(value))
                return;
            header.Append(separator).Append(name).Append("=\"").Append(value).Append('"');
            separator = ", ";
        }
    }

    /// <summary>Says what is wrong with a token; empty when there is nothing that helps its holder.</summary>
    public static string Describe(Exception failure)
        => failure is AggregateException several
            ? string.Join("; ", several.InnerExceptions.Select(DescribeOne).Where(text => text.Length > 0))
            : DescribeOne(failure);

    private static string DescribeOne(Exception failure) => failure switch
    {
        SecurityTokenInvalidAudienceException e => $"The audience{Quote(e.InvalidAudience)} is invalid",
        SecurityTokenInvalidIssuerException e => $"The issuer{Quote(e.InvalidIssuer)} is invalid",
        SecurityTokenNoExpirationException => "The token has no expiration",
        SecurityTokenInvalidLifetimeException e
            => $"The token lifetime is invalid; NotBefore: '{Format(e.NotBefore)}', Expires: '{Format(e.Expires)}'",
        SecurityTokenNotYetValidException e => $"The token is not valid before '{Format(e.NotBefore)}'",
        SecurityTokenExpiredException e => $"The token expired at '{Format(e.Expires)}'",
        SecurityTokenSignatureKeyNotFoundException => "The signature key was not found",
        SecurityTokenInvalidSignatureException => "The signature is invalid",
        _ => "",
    };

    /// <summary>Repeats a value of the token only if a header can carry it: RFC 6750 allows %x20-21 / %x23-5B / %x5D-7E.</summary>
    private static string Quote(string? value)
    {
        if (string.IsNullOrEmpty(value))
            return " '(null)'";
        if (value.Length > QuotedLengthMax)
            return "";
        foreach (var c in value)
        {
            if (c is < ' ' or > '~' or '"' or '\\')
                return "";
        }

        return $" '{value}'";
    }

    private static string Format(DateTime? time) => time?.ToString(CultureInfo.InvariantCulture) ?? "(null)";
}

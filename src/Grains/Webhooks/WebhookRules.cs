using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using GrainVault.Options;

namespace GrainVault.Webhooks;

/// <summary>What a webhook may be, and its secret in the form of Standard Webhooks.</summary>
internal static class WebhookRules
{
    private const string SecretPrefix = "whsec_";
    private const int SecretSizeBytes = 32;
    private const int SecretSizeBytesMin = 24;
    private const int SecretSizeBytesMax = 64;
    private const int UrlLengthMax = 2_000;

    /// <summary>Null when changes may be sent there. Where a name leads is looked at with every connection.</summary>
    public static Refusal? CheckUrl(string? url, WebhookOptions options)
    {
        if (url is not { Length: > 0 and <= UrlLengthMax } || url.Any(character => character is < '!' or > '~') || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Port == 0)
            return Refusals.Invalid("A webhook's URL is absolute, of ASCII characters (a name in other scripts as xn--...), with a port of 1 to 65535, and has at most 2,000 characters.");
        if (uri.Scheme != Uri.UriSchemeHttps && !(options.AllowHttp && uri.Scheme == Uri.UriSchemeHttp))
            return Refusals.Invalid(options.AllowHttp ? "A webhook's URL begins with https:// or http://." : "A webhook's URL begins with https://.");
        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0 || uri.Host.Length == 0)
            return Refusals.Invalid("A webhook's URL names a host, and no user and no fragment.");
        // An address says itself where it leads, in whatever form it is written; the URL has it in the usual one.
        return !options.AllowPrivateAddresses && IPAddress.TryParse(uri.DnsSafeHost, out var address) && !PublicAddresses.Contains(address)
            ? Refusals.Invalid("A webhook's URL leads to the public internet; this address is none of it.")
            : null;
    }

    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(SecretSizeBytes);

    /// <summary>The bytes of a secret; null when it is none.</summary>
    public static byte[]? ParseSecret(string secret)
    {
        if (!secret.StartsWith(SecretPrefix, StringComparison.Ordinal))
            return null;
        var bytes = new byte[SecretSizeBytesMax];
        return Convert.TryFromBase64String(secret[SecretPrefix.Length..], bytes, out var length) && length >= SecretSizeBytesMin ? bytes[..length] : null;
    }

    public static string FormatSecret(byte[] secret) => SecretPrefix + Convert.ToBase64String(secret);

    /// <summary>
    /// The same for every attempt to tell the same, so that a receiver can tell repeats: of one that tells more than the attempt before he
    /// must not take it for a repeat.
    /// </summary>
    /// <param name="webhookId">The webhook.</param>
    /// <param name="cursor">Where the delivery begins.</param>
    /// <param name="end">Place in the feed where it ends; empty for a delivery that tells no changes.</param>
    public static string MessageId(string webhookId, string cursor, string end) =>
        "msg_" + Base64Url.EncodeToString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{webhookId} {cursor} {end}")).AsSpan(0, 18));

    /// <summary>Value of <c>webhook-signature</c>: <c>v1,</c> and the HMAC-SHA256 over id, time and body in base64.</summary>
    public static string Sign(byte[] secret, string messageId, long unixSeconds, byte[] body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hmac.AppendData(System.Text.Encoding.UTF8.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{messageId}.{unixSeconds}.")));
        hmac.AppendData(body);
        return "v1," + Convert.ToBase64String(hmac.GetHashAndReset());
    }
}

using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace GrainVault.Api.Ingest;

/// <summary>
/// Recognises who may send events. Stores differ in what they can send: a bearer token (MinIO), a password in the URL, which
/// becomes HTTP Basic (Ceph, SNS), or nothing but a query.
/// </summary>
internal sealed class IngestSecret(IngestSettings settings)
{
    private readonly byte[]? _expected = settings.Secret is { } secret ? SHA256.HashData(Encoding.UTF8.GetBytes(secret)) : null;

    /// <summary>True when events are taken at all.</summary>
    public bool IsConfigured => _expected is not null;

    /// <summary>True when the request carries the secret.</summary>
    public bool IsIn(HttpRequest request) => _expected is not null && Candidates(request).Any(IsRight);

    private bool IsRight(string candidate) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(candidate)), _expected);

    private static IEnumerable<string> Candidates(HttpRequest request)
    {
        if (AuthenticationHeaderValue.TryParse(request.Headers.Authorization.ToString(), out var header) && header.Parameter is { } parameter)
        {
            if (header.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
            {
                if (PasswordOf(parameter) is { } password)
                    yield return password;
            }
            else
            {
                yield return parameter;
            }
        }

        if (request.Query["token"] is [{ Length: > 0 } token])
            yield return token;
    }

    // RFC 7617, section 2: user-id and password, joined by the first colon.
    private static string? PasswordOf(string parameter)
    {
        var bytes = new byte[parameter.Length];
        if (!Convert.TryFromBase64String(parameter, bytes, out var length))
            return null;
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : text[(colon + 1)..];
    }
}

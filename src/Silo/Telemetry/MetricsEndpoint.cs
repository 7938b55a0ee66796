using System.Net;
using System.Security.Cryptography;
using System.Text;
using GrainVault.Accounts;
using GrainVault.Silo.Telemetry.Metrics;

namespace GrainVault.Silo.Telemetry;

/// <summary>
/// <c>GET /metrics</c>. It is not public: it answers administrators (where the process checks tokens), who presents
/// <see cref="MetricsOptions.Token"/>, and connections from <see cref="MetricsOptions.AllowedNetworks"/>.
/// </summary>
internal sealed class MetricsEndpoint
{
    private const string BearerPrefix = "Bearer ";

    private readonly MetricsCollector _collector;
    private readonly IPNetwork[] _networks;
    private readonly byte[]? _tokenHash;

    public MetricsEndpoint(MetricsCollector collector, MetricsOptions options, bool answersThisMachine)
    {
        _collector = collector;
        _tokenHash = string.IsNullOrEmpty(options.Token) ? null : Hash(options.Token);
        IEnumerable<string> networks = options.AllowedNetworks;
        if (answersThisMachine && options.AllowedNetworks.Count == 0)
            networks = ["127.0.0.0/8", "::1/128"];
        _networks = [.. networks.Select(network => IPNetwork.Parse(network))];
    }

    public IResult Get(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (!IsAllowed(context))
        {
            var isKnown = context.User.Identity is { IsAuthenticated: true };
            if (!isKnown)
                context.Response.Headers.WWWAuthenticate = "Bearer";
            return TypedResults.StatusCode(isKnown ? StatusCodes.Status403Forbidden : StatusCodes.Status401Unauthorized);
        }

        var isOpenMetrics = context.Request.Headers.Accept.ToString().Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase);
        var text = MetricsText.Write(_collector.Collect(), isOpenMetrics);
        return TypedResults.Bytes(Encoding.UTF8.GetBytes(text), isOpenMetrics ? MetricsText.OpenMetricsType : MetricsText.TextType);
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private bool IsAllowed(HttpContext context) =>
        Roles.IsAdministrator(context.User.FindFirst(Roles.Claim)?.Value) || HasToken(context.Request) || IsNear(context.Connection.RemoteIpAddress);

    // Hashes have one length, and their comparison takes one time.
    private bool HasToken(HttpRequest request) =>
        _tokenHash is not null
        && request.Headers.Authorization is [{ } header]
        && header.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Hash(header[BearerPrefix.Length..].Trim()), _tokenHash);

    private bool IsNear(IPAddress? address)
    {
        if (address is null)
            return false;
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Array.Exists(_networks, network => network.Contains(plain));
    }
}

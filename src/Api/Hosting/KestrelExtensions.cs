using GrainVault.Api.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GrainVault.Api.Hosting;

/// <summary>Limits of the HTTP server.</summary>
internal static class KestrelExtensions
{
    /// <summary>Bytes that the server reads ahead of an endpoint, per connection: waiting uploads hold no more than this.</summary>
    private const long RequestBufferBytesMax = 256 << 10;

    /// <summary>Bytes of a response that wait for a slow client, per connection.</summary>
    private const long ResponseBufferBytesMax = 256 << 10;

    /// <summary>Time for the headers of a request.</summary>
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Sets the limits.</summary>
    public static void UseFrontEndKestrel(this IWebHostBuilder host, FrontEndLimits limits) => host.ConfigureKestrel(kestrel =>
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = limits.ConnectionsMax;
        if (limits.ConnectionsPerAddressMax > 0)
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(kestrel.ApplicationServices.GetRequiredService<ConnectionsPerAddress>().Limit));
        kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
        kestrel.Limits.MaxRequestBufferSize = RequestBufferBytesMax;
        kestrel.Limits.MaxResponseBufferSize = ResponseBufferBytesMax;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(limits.BodyBytesPerSecondMin, limits.BodyRateGrace);
        kestrel.Limits.MinResponseDataRate = new MinDataRate(limits.ResponseBytesPerSecondMin, limits.BodyRateGrace);
        // Whoever reads a body here has a limit of its own and answers before reading more. With a limit of the server, a
        // client that is still sending would see a broken connection instead of that answer.
        kestrel.Limits.MaxRequestBodySize = null;
    });
}

using System.Buffers;
using System.Net;

namespace GrainVault.Api.Http;

/// <summary>
/// Gives each request an id: the client's <c>X-Request-Id</c> where it is safe to log and to echo, a new one otherwise. It is
/// on every response and in problems, travels with every grain call, and stands in every log line on the request's way.
/// </summary>
internal sealed class RequestIdMiddleware(RequestDelegate next)
{
    /// <summary>Name of the header, in both directions.</summary>
    public const string Header = "X-Request-Id";

    /// <summary>Longest id that is taken from a client, in characters.</summary>
    public const int LengthMax = 128;

    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/+=@~");

    /// <summary>True for an id that may be echoed and logged.</summary>
    public static bool IsSafe(string? id) =>
        id is { Length: > 0 and <= LengthMax } && !id.AsSpan().ContainsAnyExcept(Allowed);

    // Async, so that the id does not stay behind in the flow of the connection.
    public async Task InvokeAsync(HttpContext context)
    {
        var given = context.Request.Headers[Header];
        var id = given.Count == 1 && IsSafe(given[0]) ? given[0]! : Guid.CreateVersion7().ToString("n");
        context.TraceIdentifier = id;
        context.Response.Headers[Header] = id;
        Caller.SetRequest(id);
        var agent = context.Request.Headers.UserAgent;
        Caller.SetOrigin(Address(context.Connection.RemoteIpAddress), agent.Count == 0 ? null : agent[0]);
        await next(context);
    }

    // A socket for both versions of IP shows those of version 4 in the form of version 6.
    private static string? Address(IPAddress? address) => (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
}

using System.Buffers;
using System.Collections;

namespace GrainVault.Api.Http;

/// <summary>
/// Gives each request an id: the client's <c>X-Request-Id</c> where it is safe to log and to echo, a new one otherwise. It is
/// on every response, in the log scope of the request and in problems.
/// </summary>
internal sealed class RequestIdMiddleware(RequestDelegate next, ILogger<RequestIdMiddleware> logger)
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

    public async Task InvokeAsync(HttpContext context)
    {
        var given = context.Request.Headers[Header];
        var id = given.Count == 1 && IsSafe(given[0]) ? given[0]! : Guid.CreateVersion7().ToString("n");
        context.TraceIdentifier = id;
        context.Response.Headers[Header] = id;
        // The scope of the server was made before this id was known.
        using (logger.BeginScope(new Scope(id)))
            await next(context);
    }

    private sealed class Scope(string id) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public int Count => 1;

        public KeyValuePair<string, object?> this[int index] => new(Header, id);

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
        {
            yield return this[0];
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        public override string ToString() => $"{Header}:{id}";
    }
}

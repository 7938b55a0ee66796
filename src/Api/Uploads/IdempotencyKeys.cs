using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;

namespace GrainVault.Api.Uploads;

/// <summary>
/// <c>Idempotency-Key</c>: binds the client's key to the id of what the request creates. The commands are idempotent by that
/// id, so a repeat gets the first result.
/// </summary>
internal static class IdempotencyKeys
{
    /// <summary>Name of the header.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>Longest key, in characters.</summary>
    public const int LengthMax = 255;

    /// <summary>The id to create: the proposed one, or the one that the key is bound to.</summary>
    /// <param name="request">The request.</param>
    /// <param name="grains">Grains.</param>
    /// <param name="calls">Runs the call.</param>
    /// <param name="fingerprint">What the request asks for.</param>
    /// <param name="proposedId">A new id.</param>
    /// <exception cref="ProblemException">The key is malformed or was used for another request.</exception>
    public static async Task<string> BindAsync(HttpRequest request, IGrainFactory grains, GrainCalls calls, string fingerprint, string proposedId)
    {
        var header = request.Headers[Header];
        if (header.Count == 0)
            return proposedId;
        var key = header.ToString();
        if (header.Count > 1 || key.Length is 0 or > LengthMax || key.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw new ProblemException(Problem.Invalid($"{Header} must be one value of 1 to {LengthMax} printable ASCII characters."));
        var result = await calls.RepeatableAsync(
            (User: grains.CallingUser(), key, Hash: Hash(request.Path + "\n" + fingerprint), proposedId),
            static (call, token) => call.User.BindIdempotencyKeyAsync(call.key, call.Hash, call.proposedId, token));
        return result.Refusal is { } refusal ? throw new ProblemException(Problem.From(refusal)) : result.ResourceId!;
    }

    /// <summary>The fingerprint of a JSON request: its members in our order and spelling.</summary>
    public static string Fingerprint<T>(T request, JsonTypeInfo<T> type) => JsonSerializer.Serialize(request, type);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

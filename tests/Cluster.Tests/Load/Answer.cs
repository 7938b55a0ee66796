using System.Net;
using System.Text.Json.Nodes;

namespace GrainVault.Cluster.Tests.Load;

/// <summary>What a request came back with, body included.</summary>
internal sealed record Answer(HttpStatusCode Status, byte[] Body, string Request, Uri FrontEnd)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    /// <summary>Any other status is an error that a client must never see.</summary>
    public Answer Expect(params ReadOnlySpan<HttpStatusCode> allowed) =>
        allowed.Contains(Status) ? this : throw new UnexpectedAnswerException($"{Request} at {FrontEnd}: {(int)Status} {Text}");

    private string Text => Body.Length > 2000 ? $"{Body.Length} bytes" : System.Text.Encoding.UTF8.GetString(Body);
}

/// <summary>The system answered what it must not, whatever dies.</summary>
internal sealed class UnexpectedAnswerException(string message) : Exception(message);

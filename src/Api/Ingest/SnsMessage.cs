using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;

namespace GrainVault.Api.Ingest;

/// <summary>
/// The envelope of Amazon SNS ("HTTP/HTTPS notification JSON format" of its developer guide): a notification inside of it, or the
/// question whether somebody wants to be subscribed.
/// </summary>
internal sealed partial record SnsMessage(string Type, string TopicArn, string? Message, Uri? SubscribeUrl)
{
    public const string Notification = "Notification";
    public const string SubscriptionConfirmation = "SubscriptionConfirmation";

    /// <summary>The envelope; null when the body is none.</summary>
    public static SnsMessage? Find(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object || TextOf(body, "Type") is not { } type || TextOf(body, "TopicArn") is not { } topic)
            return null;
        return new SnsMessage(type, topic, TextOf(body, "Message"), Uri.TryCreate(TextOf(body, "SubscribeURL"), UriKind.Absolute, out var url) ? url : null);
    }

    /// <summary>Only what is SNS itself is ever asked, and only for this topic: the URL comes from the outside.</summary>
    public bool HasGenuineUrl =>
        SubscribeUrl is { Scheme: "https", IsDefaultPort: true, UserInfo: "" } url && SnsHost().IsMatch(url.Host)
        && QueryHelpers.ParseQuery(url.Query) is var query
        && query.TryGetValue("Action", out var action) && action == "ConfirmSubscription"
        && query.TryGetValue("TopicArn", out var topic) && topic == TopicArn;

    [GeneratedRegex(@"^sns\.[a-z0-9-]{1,40}\.amazonaws\.com(\.cn)?$", RegexOptions.CultureInvariant)]
    private static partial Regex SnsHost();

    private static string? TextOf(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

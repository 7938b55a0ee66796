using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using GrainVault.TestKit.Processes;
using GrainVault.TestKit.Webhooks;

namespace GrainVault.Crash.Tests;

/// <summary>
/// A user's webhook through the crashes: whatever dies, every change comes to its receiver at least once, signed, in the order of the feed, and
/// nothing else does.
/// </summary>
internal sealed class WebhookCheck : IAsyncDisposable
{
    private const string Path = "/crash";
    private static readonly TimeSpan ToldWithin = TimeSpan.FromMinutes(1);

    private readonly WebhookReceiver _receiver;

    /// <summary>All changes of the user since the webhook was made, in their order.</summary>
    private readonly List<(string Id, string At)> _feed = [];

    private readonly Dictionary<string, string> _toldByMessage = new(StringComparer.Ordinal);

    /// <summary>Where in the feed the next delivery may begin: where the last one ended, or where it began, when it is not known to have come.</summary>
    private HashSet<int> _places = [0];

    private string _cursor;
    private int _readCount;
    private TimeSpan _waited;

    private WebhookCheck(WebhookReceiver receiver, string cursor)
    {
        _receiver = receiver;
        _cursor = cursor;
    }

    /// <summary>What the system needs to be set to.</summary>
    public static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["GrainVault__Webhooks__AllowHttp"] = "true",
        ["GrainVault__Webhooks__AllowPrivateAddresses"] = "true",
        ["GrainVault__Webhooks__Period"] = "00:00:00.2",
        // With its first run after a start the janitor sets webhooks going again.
        ["GrainVault__Janitor__Period"] = "00:00:02",
    };

    /// <summary>Makes the webhook of a user who changes nothing meanwhile.</summary>
    public static async Task<WebhookCheck> CreateAsync(HttpClient http)
    {
        var receiver = await WebhookReceiver.StartAsync();
        try
        {
            var page = await http.GetFromJsonAsync<JsonNode>("/v1/changes?cursor=now");
            using var answer = await http.PostAsJsonAsync("/v1/webhooks", new { url = receiver.Url + Path });
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            var secret = (await answer.Content.ReadFromJsonAsync<JsonNode>())!["secret"]!.GetValue<string>();
            receiver.Secrets[Path] = Convert.FromBase64String(secret["whsec_".Length..]);
            return new WebhookCheck(receiver, page!["cursor"]!.GetValue<string>());
        }
        catch
        {
            await receiver.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until everything has been delivered, and checks each delivery. Nobody changes anything meanwhile.</summary>
    public async Task CheckAsync(HttpClient http, IEnumerable<Expectation> uploads)
    {
        await ReadFeedAsync(http);
        var counts = _feed.CountBy(change => change.Id).ToDictionary();
        foreach (var upload in uploads.Where(upload => upload.FileId is not null))
        {
            Assert.True(
                counts.GetValueOrDefault(upload.FileId!) >= (upload.DeleteAcknowledged ? 2 : 1),
                $"{upload.Name} was acknowledged, and the feed does not tell all of it");
        }

        var clock = Stopwatch.StartNew();
        await Eventually.TrueAsync(
            async () =>
            {
                foreach (var delivery in _receiver.Deliveries.Skip(_readCount).ToList())
                {
                    await FollowAsync(http, delivery);
                    _readCount++;
                }

                return _places.Contains(_feed.Count);
            },
            ToldWithin,
            () => $"{_feed.Count} changes were made, and {_places.Max()} were delivered");
        _waited += clock.Elapsed;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{_readCount} deliveries told of {_feed.Count} changes; waited {_waited.TotalSeconds:f1} s for them");

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    private async Task FollowAsync(HttpClient http, Received delivery)
    {
        var text = delivery.Body.GetRawText();
        Assert.True(delivery.IsSigned, $"not signed: {text}");
        Assert.Equal("changes", delivery.Body.GetProperty("type").GetString());
        var told = delivery.Body.GetProperty("changes").EnumerateArray()
            .Select(change => (Id: Text(change, "id"), At: Text(change, "at"))).ToList();
        Assert.NotEmpty(told);
        var ids = string.Join(' ', told.Select(change => change.Id));
        Assert.True(
            !_toldByMessage.TryGetValue(delivery.MessageId, out var before) || before == ids, $"{delivery.MessageId} tells of {ids}, and told of {before}");
        _toldByMessage[delivery.MessageId] = ids;

        var next = Match(told);
        if (next.Count == 0)
        {
            // What was under way when its client was cut off may have been done since.
            await ReadFeedAsync(http);
            next = Match(told);
        }

        Assert.True(next.Count > 0, $"not what follows {string.Join(" or ", _places)} in a feed of {_feed.Count} changes: {text}");
        _places = next;
    }

    /// <summary>The places that there are after a delivery; none when it is no piece of the feed from a place where it may begin.</summary>
    private HashSet<int> Match(List<(string Id, string At)> told)
    {
        var next = new HashSet<int>();
        foreach (var start in _places)
        {
            // Several changes of an entry come as one, in the place of the first and with the time of the last.
            var page = new OrderedDictionary<string, string>();
            for (var end = start; end < _feed.Count && page.Count <= told.Count; end++)
            {
                page[_feed[end].Id] = _feed[end].At;
                if (page.Count == told.Count && page.Select(change => (change.Key, change.Value)).SequenceEqual(told))
                    next.UnionWith([start, end + 1]);
            }
        }

        return next;
    }

    /// <summary>Reads on in the feed, each change by itself.</summary>
    private async Task ReadFeedAsync(HttpClient http)
    {
        JsonNode? page;
        do
        {
            page = await http.GetFromJsonAsync<JsonNode>($"/v1/changes?limit=1&cursor={WebUtility.UrlEncode(_cursor)}");
            _feed.AddRange(page!["changes"]!.AsArray().Select(change => (change!["id"]!.GetValue<string>(), change["at"]!.GetValue<string>())));
            _cursor = page["cursor"]!.GetValue<string>();
        }
        while (page["hasMore"]!.GetValue<bool>());
    }

    private static string Text(JsonElement change, string name) => change.GetProperty(name).GetString()!;
}

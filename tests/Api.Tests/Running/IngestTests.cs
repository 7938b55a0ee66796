using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace GrainVault.Api.Tests.Running;

/// <summary>Who may tell of objects, and what becomes of what is told.</summary>
[Collection(RunningVault.Name)]
public sealed class IngestTests(VaultFixture fixture) : IDisposable
{
    /// <summary>What the tests' store presents.</summary>
    public const string Secret = "secret of the tests' store";

    public const string Topic = "arn:aws:sns:eu-central-1:123456789012:tests";

    private const string Path = "/v1/ingest/s3-events";
    private const string TestEvent = """{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}""";

    private readonly HttpClient _http = fixture.CreateClient();

    public void Dispose() => _http.Dispose();

    /// <summary>Sends a notification as a store does that has a bearer token.</summary>
    internal static async Task SendAsync(Uri address, string json, HttpStatusCode expected)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };
        using var request = Request(json, ("Authorization", $"Bearer {Secret}"));
        using var answer = await http.SendAsync(request);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task Stranger_is_not_heard()
    {
        await Account.RefusedAsync(_http.SendAsync(Request(TestEvent)), 401, "unauthorized");
        await Account.RefusedAsync(_http.SendAsync(Request(TestEvent, ("Authorization", "Bearer wrong secret"))), 401, "unauthorized");
        await Account.RefusedAsync(_http.SendAsync(Request(TestEvent, path: Path + "?token=wrong")), 401, "unauthorized");
        using var user = await fixture.SignUpAsync();
        await Account.RefusedAsync(user.PostJsonAsync(Path, TestEvent), 401, "unauthorized");
    }

    [Fact]
    public async Task Secret_is_taken_in_every_way_that_stores_can_send_it()
    {
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"store:{Secret}"));
        foreach (var request in (HttpRequestMessage[])[
            Request(TestEvent, ("Authorization", $"Bearer {Secret}")),
            Request(TestEvent, ("Authorization", $"Basic {basic}")),
            Request(TestEvent, path: $"{Path}?token={Uri.EscapeDataString(Secret)}")])
        {
            using var answer = await _http.SendAsync(request);
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
            request.Dispose();
        }

        Assert.DoesNotContain(Secret, fixture.Vault.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(Uri.EscapeDataString(Secret), fixture.Vault.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("no json", 400)]
    [InlineData("[]", 400)]
    [InlineData("{}", 400)]
    [InlineData("""{"Records":7}""", 400)]
    [InlineData("""{"Records":[7,null,{},{"s3":1},{"s3":{"object":{"key":5}}}]}""", 204)]
    [InlineData("""{"Records":[{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"../../etc/passwd"}}}]}""", 204)]
    [InlineData("""{"Records":[{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"objects%2Fab%2Fabababab.staged"}}}]}""", 204)]
    [InlineData("""{"Records":[{"eventName":"ObjectRemoved:Delete","s3":{"object":{"key":"objects/ab/abababab.staged"}}}]}""", 204)]
    [InlineData("""{"EventName":"s3:ObjectCreated:Put","Key":"b/objects/ab/abab.staged","Records":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"objects%2Fab%2Fabab.staged"}}}]}""", 204)]
    [InlineData("""{"key":"/buckets/b/objects/ab/abab.staged","event_type":"create","message":{}}""", 204)]
    [InlineData("""{"Records":[{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"inbox/u-1/100%25+x.txt"}}}]}""", 204)]
    [InlineData("""{"Records":[{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"inbox/u-1/folder/"}}}]}""", 204)]
    [InlineData("""{"Type":"Notification","TopicArn":"arn:aws:sns:eu-central-1:1:other","Message":"{}"}""", 400)]
    [InlineData("""{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:eu-central-1:1:other","SubscribeURL":"https://sns.eu-central-1.amazonaws.com/"}""", 400)]
    [InlineData("""{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:eu-central-1:123456789012:tests","SubscribeURL":"https://sns.eu-central-1.amazonaws.com.example.org/"}""", 400)]
    [InlineData("""{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:eu-central-1:123456789012:tests","SubscribeURL":"http://169.254.169.254/"}""", 400)]
    [InlineData("""{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:eu-central-1:123456789012:tests","SubscribeURL":"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-central-1:1:other&Token=x"}""", 400)]
    [InlineData("""{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:eu-central-1:123456789012:tests","SubscribeURL":"https://sns.eu-central-1.amazonaws.com/?Action=Publish&TopicArn=arn:aws:sns:eu-central-1:123456789012:tests"}""", 400)]
    [InlineData("""{"Type":"\ud800","TopicArn":"x"}""", 400)]
    [InlineData("""{"\ud800":1}""", 400)]
    [InlineData("""{"Records":[{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"\udc00"}}}]}""", 400)]
    [InlineData("""{"event_type":"create","key":"\ud800"}""", 400)]
    [InlineData("""{"Type":"Notification","TopicArn":"arn:aws:sns:eu-central-1:123456789012:tests","Message":"{\"Records\":[]}"}""", 204)]
    [InlineData("""{"Type":"Notification","TopicArn":"arn:aws:sns:eu-central-1:123456789012:tests","Message":"no json"}""", 400)]
    public async Task Notification_gets_a_clear_answer(string json, int status)
    {
        using var request = Request(json, ("Authorization", $"Bearer {Secret}"));
        using var answer = await _http.SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Notification_that_is_too_large_is_refused()
    {
        var json = $$"""{"Records":[],"x":"{{new string('x', 600 << 10)}}"}""";
        await Account.RefusedAsync(_http.SendAsync(Request(json, ("Authorization", $"Bearer {Secret}"))), 413, "too-large");
    }

    private static HttpRequestMessage Request(string json, (string Name, string Value)? header = null, string path = Path)
    {
        // SNS says that its JSON is plain text.
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, MediaTypeHeaderValue.Parse("text/plain")) };
        if (header is { } given)
            request.Headers.TryAddWithoutValidation(given.Name, given.Value);
        return request;
    }
}

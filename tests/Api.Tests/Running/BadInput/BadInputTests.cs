using System.Net.Http.Headers;

namespace GrainVault.Api.Tests.Running.BadInput;

/// <summary>
/// What the system's own document says that it takes is sent wrong, in every way and for every operation: each gets a problem that is the
/// client's fault, none a failure (both are asserted for every answer by <see cref="ContractHandler"/>), and nothing changes.
/// </summary>
[Collection(RunningVault.Name)]
public sealed class BadInputTests(VaultFixture fixture)
{
    private const int AtOnce = 8;

    /// <summary>Texts that look bad and are good; what has another type is not among them.</summary>
    private static readonly Dictionary<string, string> AnyText = new(StringComparer.Ordinal)
    {
        ["POST /v1/auth/logout: refreshToken"] = "the login that ends is that of the access token; with a token of another, nothing more ends",
        ["POST /v1/files/{id}/links: password turned round"] = "a password is any text",
    };

    private static readonly string[] NotTexts = ["an object", "with members", "true", "deep", "a number", "an array", "surrogate", "way round", "raw line break", "no UTF-8"];

    /// <summary>Operations without any input of their own.</summary>
    private static readonly HashSet<string> WithoutInput =
        ["GET /v1/me", "DELETE /v1/trash", "GET /v1/webhooks", "POST /v1/ingest/s3-events", "GET /healthz/live", "GET /healthz/ready"];

    [Fact]
    public async Task Bad_input_is_refused_by_every_operation_and_changes_nothing()
    {
        using var stage = await BadInputStage.MakeAsync(fixture);
        var operations = ApiOperation.ReadAll(await stage.Owner.GetJsonAsync("/openapi/v1.json"));
        Assert.True(operations.Count > 70, $"{operations.Count} operations");
        var before = await stage.StateAsync();
        var complaints = new List<string>();
        var count = 0;
        foreach (var operation in operations)
        {
            Assert.True(operation.Members is null || stage.GoodBody(operation.Key) is not null, $"{nameof(BadInputStage)} needs a good body of {operation.Key}");
            var requests = Requests(stage, operation).ToList();
            Assert.True(requests.Count > 0 || WithoutInput.Contains(operation.Key), $"nothing bad is known for {operation.Key}");
            count += requests.Count;
            await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (bad, _) =>
            {
                var status = await SendAsync(stage, bad.Make());
                if (status >= 500 || (status < 400 && !bad.MayBeAnswered && !IsAnyText($"{operation.Key}: {bad.What}")))
                    lock (complaints)
                        complaints.Add($"{status}: {operation.Key}: {bad.What}");
            });
            var after = await stage.StateAsync();
            // A link with a strange password is a link.
            if (after != before && !AnyText.Keys.Any(key => key.StartsWith($"{operation.Key}:", StringComparison.Ordinal)))
                complaints.Add($"{operation.Key} has changed something: {string.Join("; ", after.Split('\n').Except(before.Split('\n')))}");
            before = after;
        }

        Assert.True(count > 1_500, $"{count} requests");
        Assert.True(complaints.Count == 0, string.Join('\n', complaints));
    }

    private static bool IsAnyText(string what) => AnyText.Keys.Any(key => what.StartsWith(key, StringComparison.Ordinal)) && !NotTexts.Any(type => what.EndsWith(type, StringComparison.Ordinal));

    private static async Task<int> SendAsync(BadInputStage stage, HttpRequestMessage request)
    {
        using (request)
        {
            try
            {
                using var response = await stage.SendAsync(request);
                return (int)response.StatusCode;
            }
            catch (Exception exception) when (exception is Xunit.Sdk.XunitException)
            {
                // What the contract of all answers does not allow.
                return 999;
            }
        }
    }

    /// <summary>All bad requests of an operation.</summary>
    private static IEnumerable<BadRequest> Requests(BadInputStage stage, ApiOperation operation)
    {
        var (path, query, body) = (stage.PathValues(operation), stage.QueryValues(operation), stage.GoodBody(operation.Key));
        HttpRequestMessage Make(Dictionary<string, string> path, string query, BadBody? bad = null, string? header = null, string? value = null)
        {
            var target = path.Aggregate(operation.Path, (text, item) => text.Replace($"{{{item.Key}}}", item.Value, StringComparison.Ordinal));
            var request = new HttpRequestMessage(new HttpMethod(operation.Method), new Uri(target + (query.Length == 0 ? "" : $"?{query}"), UriKind.Relative));
            if (operation.TakesBytes)
                request.Content = new ByteArrayContent([1, 2, 3]);
            else if (bad is not null || body is not null)
                request.Content = Content(bad ?? new BadBody("", System.Text.Encoding.UTF8.GetBytes(body!.ToJsonString())));
            if (header is not null && !request.Headers.TryAddWithoutValidation(header, value))
                request.Content?.Headers.TryAddWithoutValidation(header, value);
            return request;
        }

        string Query(string? name = null, string? value = null) => string.Join('&', query.Where(item => item.Key != name).Select(item => $"{item.Key}={item.Value}").Concat(name is null ? [] : [$"{name}={value}"]));

        foreach (var parameter in operation.Parameters)
        {
            switch (parameter.In)
            {
                case "path":
                    foreach (var value in BadValues.InPath(parameter))
                        yield return new BadRequest($"{parameter.Name} in the path {Short(value)}", () => Make(new(path) { [parameter.Name] = value }, Query()));
                    break;
                case "query":
                    foreach (var value in BadValues.InQuery(parameter))
                        yield return new BadRequest($"{parameter.Name}={Short(value)}", () => Make(path, Query(parameter.Name, value)));
                    foreach (var value in operation.IsReading ? BadValues.StrangeInQuery(parameter) : [])
                        yield return new BadRequest($"{parameter.Name}={Short(value)}", () => Make(path, Query(parameter.Name, value)), MayBeAnswered: true);
                    break;
                default:
                    foreach (var value in BadValues.InHeader(parameter.Name))
                        yield return new BadRequest($"{parameter.Name}: {Short(value)}", () => Make(path, Query(), header: parameter.Name, value: value));
                    foreach (var value in operation.IsReading ? BadValues.StrangeInHeader(parameter.Name) : [])
                        yield return new BadRequest($"{parameter.Name}: {Short(value)}", () => Make(path, Query(), header: parameter.Name, value: value), MayBeAnswered: true);
                    break;
            }
        }

        if (operation.NeedsToken)
        {
            foreach (var token in (string[])["", "x", "Bearer", "Bearer x", "Bearer a.b.c", "Basic eDp5", "Bearer " + new string('x', 5_000)])
                yield return new BadRequest($"Authorization: {Short(token)}", () => Make(path, Query(), header: "Authorization", value: token));
        }

        foreach (var bad in body is null ? [] : BadValues.Bodies(operation, body).Concat(BadValues.Members(operation, body)))
            yield return new BadRequest(bad.What, () => Make(path, Query(), bad));
    }

    private static ByteArrayContent Content(BadBody body)
    {
        var content = new ByteArrayContent(body.Bytes);
        content.Headers.ContentType = body.ContentType.Length == 0 ? null : MediaTypeHeaderValue.Parse(body.ContentType);
        return content;
    }

    private static string Short(string value) => value.Length <= 40 ? value : $"{value[..10]}... ({value.Length})";

    private sealed record BadRequest(string What, Func<HttpRequestMessage> Make, bool MayBeAnswered = false);
}

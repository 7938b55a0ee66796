using System.Net;
using System.Text.Json;

namespace GrainVault.Api.Tests.Running;

/// <summary>Reads a stream of server-sent events.</summary>
internal sealed class EventReader(HttpClient http, HttpResponseMessage response, StreamReader lines) : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Opens the stream of an account, behind an event.</summary>
    /// <param name="http">To the front end; ends with the reader.</param>
    /// <param name="account">Whose events.</param>
    /// <param name="lastId">Id of the last event that was seen; null for those from now on.</param>
    public static async Task<EventReader> OpenAsync(HttpClient http, Account account, string? lastId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events");
        request.Headers.Authorization = account.Http.DefaultRequestHeaders.Authorization;
        if (lastId is not null)
            request.Headers.Add("Last-Event-ID", lastId);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new EventReader(http, response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    /// <summary>The next event of a kind, whatever comes before it.</summary>
    public async Task<(string? Id, JsonElement Data)> NextAsync(string kind)
    {
        string? id = null, found = null;
        while (await LineAsync() is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
                id = line[4..];
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
                found = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal) && found == kind)
                return (id, JsonDocument.Parse(line[6..]).RootElement);
        }

        throw new InvalidOperationException($"the stream ended before {kind}");
    }

    public async Task AssertEndsAsync()
    {
        while (await LineAsync() is not null)
        {
        }
    }

    public void Dispose()
    {
        lines.Dispose();
        response.Dispose();
        http.Dispose();
    }

    private async Task<string?> LineAsync() => await lines.ReadLineAsync().WaitAsync(Deadline);
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace GrainVault.Crash.Tests;

/// <summary>
/// A client as it should be: it resumes from what the server says, repeats what it got no answer to, and remembers what was
/// acknowledged. It stops at the first sign that the server is gone and goes on in the next round.
/// </summary>
internal sealed class Uploader(HttpClient http)
{
    private const int PartsAtOnce = 3;

    /// <summary>Takes an upload as far as it gets; false when the server went away.</summary>
    public async Task<bool> AdvanceAsync(Expectation upload, CancellationToken cancellationToken)
    {
        try
        {
            if (upload.PartCount == 1 && upload.Size % 2 == 0)
            {
                return await WriteWholeAsync(upload, cancellationToken);
            }

            return await CreateAsync(upload, cancellationToken)
                && await SendPartsAsync(upload, cancellationToken)
                && await CompleteAsync(upload, cancellationToken);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            return false;
        }
    }

    public async Task<bool> PurgeAsync(Expectation upload, CancellationToken cancellationToken)
    {
        try
        {
            upload.DeleteSent = true;
            using var answer = await http.DeleteAsync($"/v1/files/{upload.FileId}?permanent=true", cancellationToken);
            upload.DeleteAcknowledged = answer.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotFound;
            return upload.DeleteAcknowledged;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task<bool> WriteWholeAsync(Expectation upload, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/files?name={upload.Name}")
        {
            Content = new ReadOnlyMemoryContent(upload.Content),
        };
        request.Headers.Add("Idempotency-Key", upload.IdempotencyKey);
        using var answer = await http.SendAsync(request, cancellationToken);
        if (Transient(answer))
        {
            return false;
        }

        upload.FileId = (await ExpectAsync(answer, HttpStatusCode.Created))["id"]!.GetValue<string>();
        return true;
    }

    private async Task<bool> CreateAsync(Expectation upload, CancellationToken cancellationToken)
    {
        if (upload.UploadId is not null)
        {
            return true;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/uploads")
        {
            Content = JsonContent.Create(new { name = upload.Name, size = upload.Size, partSize = upload.PartSize }),
        };
        request.Headers.Add("Idempotency-Key", upload.IdempotencyKey);
        using var answer = await http.SendAsync(request, cancellationToken);
        if (Transient(answer))
        {
            return false;
        }

        upload.UploadId = (await ExpectAsync(answer, HttpStatusCode.Created))["id"]!.GetValue<string>();
        return true;
    }

    private async Task<bool> SendPartsAsync(Expectation upload, CancellationToken cancellationToken)
    {
        using var list = await http.GetAsync($"/v1/uploads/{upload.UploadId}", cancellationToken);
        if (Transient(list))
        {
            return false;
        }

        var session = await ExpectAsync(list, HttpStatusCode.OK);
        var present = session["parts"]!.AsArray().Select(part => part!["number"]!.GetValue<int>()).ToHashSet();
        if (session["state"]!.GetValue<string>() != "open")
        {
            return true;
        }

        var alive = true;
        await Parallel.ForEachAsync(
            Enumerable.Range(1, upload.PartCount).Where(number => !present.Contains(number)),
            new ParallelOptions { MaxDegreeOfParallelism = PartsAtOnce, CancellationToken = cancellationToken },
            async (number, token) =>
            {
                if (!alive)
                {
                    return;
                }

                using var body = new ReadOnlyMemoryContent(upload.Part(number));
                using var answer = await http.PutAsync($"/v1/uploads/{upload.UploadId}/parts/{number}", body, token);
                if (Transient(answer))
                {
                    alive = false;
                    return;
                }

                var part = await ExpectAsync(answer, HttpStatusCode.OK);
                upload.AcknowledgedParts[number] = part["etag"]!.GetValue<string>();
            });
        return alive;
    }

    private async Task<bool> CompleteAsync(Expectation upload, CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsync($"/v1/uploads/{upload.UploadId}/complete", null, cancellationToken);
        if (Transient(answer))
        {
            return false;
        }

        upload.FileId = (await ExpectAsync(answer, HttpStatusCode.Created))["id"]!.GetValue<string>();
        return true;
    }

    private static bool Transient(HttpResponseMessage answer) =>
        answer.StatusCode is HttpStatusCode.ServiceUnavailable && answer.Headers.RetryAfter is not null;

    private static async Task<JsonNode> ExpectAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri!.AbsolutePath}: {(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }
}

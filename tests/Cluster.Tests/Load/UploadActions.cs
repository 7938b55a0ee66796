using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;

namespace GrainVault.Cluster.Tests.Load;

/// <summary>What a client does with one upload, each step to its acknowledgement. Every acknowledgement is written down.</summary>
internal sealed class UploadActions(VaultClient client, Traffic traffic)
{
    public async Task WriteWholeAsync(Upload upload)
    {
        var answer = await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, $"/v1/files?name={upload.Name}")
        {
            Content = new ReadOnlyMemoryContent(upload.Content),
            Headers = { { "Idempotency-Key", upload.IdempotencyKey } },
        });
        upload.FileId = answer.Expect(HttpStatusCode.Created).Json["id"]!.GetValue<string>();
        traffic.CountAcknowledgement();
    }

    public async Task CreateAsync(Upload upload)
    {
        var answer = await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, "/v1/uploads")
        {
            Content = JsonContent.Create(new { name = upload.Name, size = upload.SizeBytes, partSize = Upload.PartSizeBytes }),
            Headers = { { "Idempotency-Key", upload.IdempotencyKey } },
        });
        upload.UploadId = answer.Expect(HttpStatusCode.Created).Json["id"]!.GetValue<string>();
    }

    public async Task PutPartAsync(Upload upload, int number)
    {
        var answer = await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Put, $"/v1/uploads/{upload.UploadId}/parts/{number}")
        {
            Content = new ReadOnlyMemoryContent(upload.Part(number)),
        });
        upload.Parts[number] = answer.Expect(HttpStatusCode.OK).Json["etag"]!.GetValue<string>();
        traffic.CountAcknowledgement();
    }

    /// <summary>Sends what the session lacks and makes the file. Parts that were acknowledged are not sent again.</summary>
    public async Task FinishAsync(Upload upload)
    {
        for (var number = 1; number <= upload.PartCount; number++)
        {
            if (!upload.Parts.ContainsKey(number))
                await PutPartAsync(upload, number);
        }

        var answer = await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, $"/v1/uploads/{upload.UploadId}/complete"));
        upload.FileId = answer.Expect(HttpStatusCode.Created).Json["id"]!.GetValue<string>();
        traffic.CountAcknowledgement();
    }

    public async Task DownloadAsync(Upload upload)
    {
        var answer = (await client.GetAsync($"/v1/files/{upload.FileId}/content")).Expect(HttpStatusCode.OK);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(answer.Body));
        if (sha256 != upload.Sha256)
            throw new UnexpectedAnswerException($"{upload.Name} comes back with {answer.Body.Length} bytes of another content from {answer.FrontEnd}");
    }

    public async Task DownloadRangeAsync(Upload upload, int first, int length)
    {
        var answer = (await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, $"/v1/files/{upload.FileId}/content")
        {
            Headers = { Range = new RangeHeaderValue(first, first + length - 1) },
        })).Expect(HttpStatusCode.PartialContent);
        if (!answer.Body.AsSpan().SequenceEqual(upload.Content.Span.Slice(first, length)))
            throw new UnexpectedAnswerException($"bytes {first} to {first + length - 1} of {upload.Name} are others than were sent");
    }

    /// <summary>Removes the file for good. A repeat whose first answer was lost finds nothing any more.</summary>
    public async Task DeleteAsync(Upload upload)
    {
        upload.IsDeleteSent = true;
        var answer = await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, $"/v1/files/{upload.FileId}?permanent=true"));
        answer.Expect(HttpStatusCode.NoContent, HttpStatusCode.NotFound);
        upload.IsDeleteAcknowledged = true;
        traffic.CountAcknowledgement();
    }
}

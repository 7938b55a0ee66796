using GrainVault.Api.Files;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Files;
using GrainVault.Options;
using GrainVault.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Uploads;

/// <summary>
/// <c>POST</c> and <c>PUT /v1/files</c>: a file in one request. What fits one buffer is written by one grain call; more becomes
/// an upload session that this front end drives.
/// </summary>
internal static class WholeFileEndpoint
{
    /// <summary>Largest file that is written by one call when its size is declared, in bytes: one part of the default size. Without a
    /// declared size it is one part of a session of unknown size.</summary>
    public const long OneCallBytesMax = 8L << 20;

    public static async Task<Results<Created<FileAnswer>, Problem>> PutAsync(
        string? name,
        string? parentId,
        string? onConflict,
        HttpContext context,
        IGrainFactory grains,
        GrainCalls calls,
        BodyReceiver receiver,
        PartWriters writers,
        SessionUpload sessions,
        LimitsOptions limits)
    {
        var request = WholeFileRequest.From(context.Request, name, parentId, onConflict);
        // File and session share their UUID, so that one bound id serves both ways of storing.
        var fileId = await IdempotencyKeys.BindAsync(context.Request, grains, calls, request.Fingerprint(), Ids.New(Ids.File));
        var uploadId = Ids.Upload + fileId[Ids.File.Length..];

        EntryResult result;
        if (request.SizeBytes > OneCallBytesMax)
        {
            result = await sessions.RunAsync(context.Request, request, uploadId, first: null);
        }
        else
        {
            var body = await receiver.ReceiveAsync(context.Request, request.SizeBytes ?? limits.GrowingPartSizeBytes, request.Checksums);
            result = body.IsEnd
                ? await WriteAsync(writers, request, fileId, body)
                : await sessions.RunAsync(context.Request, request, uploadId, body);
        }

        return result.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Created($"/v1/files/{result.Entry!.Id}", FileAnswer.From(result.Entry));
    }

    private static async Task<EntryResult> WriteAsync(PartWriters writers, WholeFileRequest request, string fileId, ReceivedBody body)
    {
        using (body)
        {
            if (!request.Checksums.Match(body.Sha256, body.Md5))
                return new EntryResult(SessionUpload.WrongChecksum, null);
            var result = await writers.WriteFileAsync(body, content => new WriteFileCommand(
                fileId, request.Name, request.ParentId, request.ContentType, request.OnConflict, content, body.Sha256));
            body.Answered(result.Refusal);
            // A repeat gets the file of the first request; with other bytes it is none. Of a file that was written to since, nothing is known.
            return result.Entry is { Version: 1, Sha256: { } sha256 } && sha256 != Convert.ToHexStringLower(body.Sha256)
                ? new EntryResult(new Refusal(RefusalReason.IdempotencyKeyReused, "The idempotency key was used for a file with another content."), null)
                : result;
        }
    }
}

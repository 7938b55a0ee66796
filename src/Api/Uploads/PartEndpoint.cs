using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Uploads;

/// <summary><c>PUT /v1/uploads/{id}/parts/{number}</c>: everything that can be refused is refused before the body is read.</summary>
internal static class PartEndpoint
{
    public static async Task<Results<Ok<PartAnswer>, Problem>> PutAsync(
        string id, int number, HttpContext context, IGrainFactory grains, GrainCalls calls, BodyReceiver receiver, PartWriters writers)
    {
        var request = context.Request;
        if (grains.FindUpload(id) is not { } session)
            return GrainLookup.NoSuch("upload");
        if (request.ContentLength is not { } size)
            return new Problem(ProblemTypes.LengthRequired, "A part needs a Content-Length.");
        if (size > FrontEndLimits.ProxiedPartBytesMax)
            return new Problem(ProblemTypes.TooLarge, $"A part that passes through a front end has at most {FrontEndLimits.ProxiedPartBytesMax} bytes.");
        Checks.RefuseContentEncoding(request);
        if (!DigestHeaders.TryRead(request.Headers, out var checksums, out var error))
            return Problem.Invalid(error!);

        var plan = await calls.RepeatableAsync((session, number, size), static (call, token) => call.session.PlanPartAsync(call.number, call.size, token));
        if (plan.Refusal is { } unwanted)
            return Problem.From(unwanted);

        using var body = await receiver.ReceiveAsync(request, size, checksums);
        if (body.Length != size)
            return new Problem(ProblemTypes.PartSize, "The body ended before its Content-Length.");
        if (!checksums.Match(body.Sha256, body.Md5))
            return new Problem(ProblemTypes.ChecksumMismatch, "The content does not have the checksum of the header; nothing was stored.");

        // All bytes are here: the write goes on when the client leaves, and the client finds the part when it asks.
        var result = await writers.WritePartAsync(id, number, body);
        body.Answered(result.Refusal);
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.Ok(PartAnswer.From(result.Part!));
    }
}

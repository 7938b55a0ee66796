using GrainVault.Api.Files;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.Shedding;
using GrainVault.Files;
using GrainVault.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Uploads;

/// <summary><c>/v1/uploads</c>.</summary>
internal static class UploadEndpoints
{
    private const int PartLimitMax = 1000;

    /// <summary>URLs of one call.</summary>
    private const int PresignCountMax = 1000;

    /// <summary>What one URL occupies until its answer is sent, in bytes: up to a thousand UTF-16 characters, and its JSON.</summary>
    private const long UrlSizeBytes = 3 << 10;

    /// <summary>Body of a completion that lists 10,000 parts with their ETags, in bytes.</summary>
    private const long CompleteBodyBytesMax = 2L << 20;

    /// <summary>Adds the endpoints.</summary>
    public static void MapUploads(this IEndpointRouteBuilder app)
    {
        var uploads = app.MapGroup("/v1/uploads").WithTags("Uploads").RequireAuthorization().Refuses(400, 401, 429, 503);
        uploads.MapPost("", CreateAsync).WithSummary("Opens an upload session and reserves its quota.")
            .WithMetadata(TakesIdempotencyKey.Instance, TakesIfMatch.Instance).Weighs(RequestWeight.Upload).Refuses(403, 404, 408, 409, 412, 413, 415, 422, 507);
        uploads.MapGet("", ListAsync).WithSummary("The caller's unfinished sessions, newest first, without their parts.");
        uploads.MapGet("/{id}", GetAsync).WithSummary("A session with a page of its parts.").Refuses(404);
        uploads.MapPut("/{id}/parts/{number}", PartEndpoint.PutAsync).WithSummary("Stores one part; may be repeated.")
            .TakesBytes().Weighs(RequestWeight.Upload).Refuses(404, 408, 409, 411, 413, 415, 422, 507);
        uploads.MapPost("/{id}/presign", PresignAsync).WithSummary("URLs with which parts go straight to the store; may be repeated.")
            .Weighs(RequestWeight.Upload).Refuses(404, 409, 413, 415);
        uploads.MapPost("/{id}/possession", ProveAsync).WithSummary("Makes the file without its bytes, by a proof that the caller has them; a repeat gives the same file.")
            .Weighs(RequestWeight.Upload).Refuses(403, 404, 408, 409, 412, 413, 415, 422, 507);
        uploads.MapPost("/{id}/complete", CompleteAsync).WithSummary("Makes the file; a repeat gives the same file.")
            .JsonAtMost(CompleteBodyBytesMax).Refuses(404, 408, 409, 412, 413, 415, 422, 507);
        uploads.MapDelete("/{id}", AbortAsync).WithSummary("Ends a session without a file.").Refuses(404, 409);
    }

    private static async Task<Results<Created<UploadAnswer>, Problem>> CreateAsync(
        JsonBody<CreateUploadRequest> body, HttpRequest httpRequest, IGrainFactory grains, GrainCalls calls)
    {
        var request = body.Value;
        var command = new CreateUploadCommand(
            request.Name,
            request.Size,
            Checks.ContentType(request.ContentType),
            request.ParentId,
            request.Mode ?? UploadMode.Proxied,
            request.PartSize,
            request.FileId,
            request.ExpectedVersion,
            request.Sha256,
            request.OnConflict ?? OnConflict.Fail,
            EntryTags.Expected(httpRequest));
        var fingerprint = IdempotencyKeys.Fingerprint(request, ApiJson.Default.CreateUploadRequest) + httpRequest.Headers.IfMatch;
        var id = await IdempotencyKeys.BindAsync(httpRequest, grains, calls, fingerprint, Ids.New(Ids.Upload));
        var result = await calls.RepeatableAsync(
            (Session: grains.GetGrain<IUploadSessionGrain>(id), command), static (call, token) => call.Session.CreateAsync(call.command, token));
        return result.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Created($"/v1/uploads/{id}", UploadAnswer.From(result.Upload!));
    }

    private static async Task<Results<Ok<UploadPageAnswer>, Problem>> ListAsync(
        string? cursor, int? limit, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        var page = await calls.RepeatableAsync(
            (User: grains.CallingUser(), cursor, Limit: Checks.Limit(limit)),
            static (call, token) => call.User.ListUploadsAsync(call.cursor, call.Limit, token),
            cancellationToken);
        return page.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Ok(new UploadPageAnswer(page.Uploads.ConvertAll(UploadAnswer.From), page.NextCursor));
    }

    private static async Task<Results<Ok<UploadAnswer>, Problem>> GetAsync(
        string id, int? afterPart, int? limit, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        if (grains.FindUpload(id) is not { } session)
            return GrainLookup.NoSuch("upload");
        if (afterPart < 0)
            return Problem.Invalid("afterPart must be 0 or more.");
        var result = await calls.RepeatableAsync(
            (session, After: afterPart ?? 0, Limit: limit is null ? PartLimitMax : Checks.Limit(limit)),
            static (call, token) => call.session.GetAsync(call.After, call.Limit, token),
            cancellationToken);
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.Ok(UploadAnswer.From(result.Upload!));
    }

    private static async Task<Results<Ok<PresignAnswer>, Problem>> PresignAsync(
        string id, JsonBody<PresignRequest> body, HttpContext context, IGrainFactory grains, GrainCalls calls, BytesInFlight inFlight,
        CancellationToken cancellationToken)
    {
        if (grains.FindUpload(id) is not { } session)
            return GrainLookup.NoSuch("upload");
        if (body.Value.Parts.Count is 0 or > PresignCountMax)
            return Problem.Invalid($"parts is a list of 1 to {PresignCountMax} numbers.");
        // Hundreds of slow readers of a thousand URLs each would hold more memory than parts may.
        if (await inFlight.TakeAsync(body.Value.Parts.Count * UrlSizeBytes, Caller.UserId ?? "", cancellationToken) is not { } admission)
            return BodyReceiver.Overloaded;
        context.Response.RegisterForDispose(admission);
        var result = await calls.RepeatableAsync(
            (session, Numbers: body.Value.Parts.ToArray()), static (call, token) => call.session.PresignAsync(call.Numbers, token), cancellationToken);
        if (result.Refusal is { } refusal)
            return Problem.From(refusal);
        // Whoever has the URL has the right: nobody on the way may keep it.
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new PresignAnswer(
            result.Parts.ConvertAll(part => new PresignedPartAnswer(part.Number, PublicUrl.Of(context.Request, part.Url), part.ExpiresAt))));
    }

    private static async Task<Results<Created<FileAnswer>, Problem>> CompleteAsync(
        string id, OptionalJsonBody<CompleteUploadRequest> body, IGrainFactory grains, Completion completion)
    {
        if (grains.FindUpload(id) is not { } session)
            return GrainLookup.NoSuch("upload");
        var request = body.Value ?? new CompleteUploadRequest();
        if (request.Parts?.Any(part => part is null) == true)
            return Problem.Invalid("An element of parts is null.");
        var command = new CompleteUploadCommand(
            request.Parts?.Select(part => new PartTag(part.Number, part.Etag.Trim('"'))).ToList(),
            SizeBytes: null,
            VerifiedSha256: null,
            request.Name,
            request.ParentId.Value,
            request.OnConflict,
            ToRoot: request.ParentId is { IsGiven: true, Value: null });
        var result = await completion.CompleteAsync(session, command);
        return result.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Created($"/v1/files/{result.Entry!.Id}", FileAnswer.From(result.Entry));
    }

    private static async Task<Results<Created<FileAnswer>, Problem>> ProveAsync(
        string id, JsonBody<PossessionRequest> body, IGrainFactory grains, GrainCalls calls)
    {
        if (grains.FindUpload(id) is not { } session)
            return GrainLookup.NoSuch("upload");
        var request = body.Value;
        var result = await calls.RepeatableAsync(
            (session, Command: new ProvePossessionCommand(request.Proof.ToLowerInvariant(), request.Name, request.ParentId, request.OnConflict)),
            static (call, token) => call.session.ProveAsync(call.Command, token));
        return result.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Created($"/v1/files/{result.Entry!.Id}", FileAnswer.From(result.Entry));
    }

    private static async Task<Results<NoContent, Problem>> AbortAsync(string id, IGrainFactory grains, GrainCalls calls)
    {
        if (grains.FindUpload(id) is not { } session)
            return GrainLookup.NoSuch("upload");
        var result = await calls.RepeatableAsync(session, static (session, token) => session.AbortAsync(token));
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.NoContent();
    }
}

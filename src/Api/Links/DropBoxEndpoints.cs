using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.Shedding;
using GrainVault.Api.Uploads;
using GrainVault.Links;
using GrainVault.Uploads;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Links;

/// <summary>
/// <c>/s/{token}/uploads</c>: upload sessions of visitors into the folder of a link. They are those of <c>/v1/uploads</c>; who may go on with
/// one has its secret, whatever other visitors of the link know.
/// </summary>
internal static class DropBoxEndpoints
{
    /// <summary>Header with the secret of the session.</summary>
    public const string SecretHeader = "X-Upload-Secret";

    private const int PartLimitMax = 1000;

    /// <summary>Adds the endpoints.</summary>
    public static void MapDropBoxes(this IEndpointRouteBuilder app)
    {
        var uploads = app.MapGroup("/s/{token}/uploads").WithTags("Visitors").Refuses(400, 404, 429, 503);
        uploads.MapPost("", CreateAsync).WithSummary("Opens an upload session into the linked folder. The answer alone tells its secret.")
            .WithMetadata(TakesLinkPassword.Instance).Weighs(RequestWeight.Upload).Refuses(401, 408, 413, 415, 507);
        var one = uploads.MapGroup("/{id}").WithMetadata(TakesUploadSecret.Instance);
        one.MapGet("", GetAsync).WithSummary("A session with a page of its parts.");
        one.MapPut("/parts/{number}", PutPartAsync).WithSummary("Stores one part; may be repeated.")
            .TakesBytes().Weighs(RequestWeight.Upload).Refuses(408, 409, 411, 413, 415, 422, 507);
        one.MapPost("/complete", CompleteAsync).WithSummary("Makes the file; may be repeated.").Refuses(409, 422, 507);
        one.MapDelete("", AbortAsync).WithSummary("Ends a session without a file.").Refuses(409);
    }

    private static async Task<Results<Created<LinkUploadAnswer>, Problem>> CreateAsync(
        string token, JsonBody<LinkUploadRequest> body, HttpContext context, LinkVisits visits)
    {
        var request = body.Value;
        var command = new LinkUploadCommand(
            Ids.New(Ids.Upload), request.Name, request.Size, Checks.ContentType(request.ContentType), request.PartSize, request.Sha256);
        var (problem, created) = await visits.CallAsync(
            context, token, (link, pass, end) => link.CreateUploadAsync(pass, command, end), result => result.Refusal);
        if (problem is not null)
            return problem;
        context.Response.Headers.CacheControl = LinkVisits.CacheControl;
        return TypedResults.Created($"/s/{token}/uploads/{command.UploadId}", LinkUploadAnswer.From(created!.Upload!, created.Secret));
    }

    private static async Task<Results<Ok<LinkUploadAnswer>, Problem>> GetAsync(
        string token, string id, int? afterPart, int? limit, HttpContext context, IGrainFactory grains, GrainCalls calls, LinkVisits visits)
    {
        if (afterPart < 0)
            return Problem.Invalid("afterPart must be 0 or more.");
        var page = limit is null ? PartLimitMax : Checks.Limit(limit);
        var (problem, right) = await OpenAsync(visits, context, token, id);
        if (problem is not null)
            return problem;
        BodyHolders.ActByLink(context, right!);
        var result = await calls.RepeatableAsync(
            (Session: grains.GetGrain<IUploadSessionGrain>(id), After: afterPart ?? 0, page),
            static (call, end) => call.Session.GetAsync(call.After, call.page, end),
            context.RequestAborted);
        context.Response.Headers.CacheControl = LinkVisits.CacheControl;
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.Ok(LinkUploadAnswer.From(result.Upload!));
    }

    private static async Task<Results<Ok<PartAnswer>, Problem>> PutPartAsync(
        string token, string id, int number, HttpContext context, IGrainFactory grains, GrainCalls calls, BodyReceiver receiver, PartWriters writers, LinkVisits visits)
    {
        var (problem, right) = await OpenAsync(visits, context, token, id);
        if (problem is not null)
            return problem;
        BodyHolders.ActByLink(context, right!);
        return await PartEndpoint.PutAsync(id, number, context, grains, calls, receiver, writers);
    }

    private static async Task<Results<Created<SentFileAnswer>, Problem>> CompleteAsync(
        string token, string id, HttpContext context, IGrainFactory grains, Completion completion, LinkVisits visits)
    {
        var (problem, right) = await OpenAsync(visits, context, token, id);
        if (problem is not null)
            return problem;
        BodyHolders.ActByLink(context, right!);
        var result = await completion.CompleteAsync(grains.GetGrain<IUploadSessionGrain>(id), new CompleteUploadCommand(null, null, null, null, null, null));
        return result.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Created((string?)null, new SentFileAnswer(result.Entry!.SizeBytes, result.Entry.Sha256));
    }

    private static async Task<Results<NoContent, Problem>> AbortAsync(
        string token, string id, HttpContext context, IGrainFactory grains, GrainCalls calls, LinkVisits visits)
    {
        var (problem, right) = await OpenAsync(visits, context, token, id);
        if (problem is not null)
            return problem;
        BodyHolders.ActByLink(context, right!);
        var result = await calls.RepeatableAsync(grains.GetGrain<IUploadSessionGrain>(id), static (session, end) => session.AbortAsync(end));
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.NoContent();
    }

    private static Task<(Problem? Problem, LinkUploadRight? Result)> OpenAsync(LinkVisits visits, HttpContext context, string token, string id)
    {
        var secret = context.Request.Headers[SecretHeader].ToString();
        return visits.CallAsync(context, token, (link, _, end) => link.OpenUploadAsync(id, secret, end), right => right.Refusal);
    }
}

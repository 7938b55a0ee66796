using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Files;

/// <summary>Shares under <c>/v1/files/{id}/shares</c>.</summary>
internal static class ShareEndpoints
{
    /// <summary>Adds the endpoints.</summary>
    public static void MapShares(this IEndpointRouteBuilder app)
    {
        var shares = app.MapGroup("/v1/files/{id}/shares").WithTags("Shares").RequireAuthorization().Refuses(400, 401, 403, 404, 429, 503);
        shares.MapGet("", ListAsync).WithSummary("With whom an entry of the caller's is shared.");
        // The body is JSON, and the OpenAPI document says so.
        shares.MapPut("/{user}", ShareAsync).WithSummary("Shares an entry with a user, by id or email, or changes the role.").Refuses(408, 409, 413, 415);
        shares.MapDelete("/{user}", UnshareAsync).WithSummary("Ends a share; with whom it is may leave it.");
    }

    private static async Task<Results<Ok<SharesAnswer>, Problem>> ListAsync(string id, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file or folder");
        var result = await calls.RepeatableAsync(file, static (file, token) => file.ListSharesAsync(token), cancellationToken);
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.Ok(new SharesAnswer(result.Shares.ConvertAll(ShareAnswer.From)));
    }

    private static async Task<Results<Ok<ShareAnswer>, Problem>> ShareAsync(
        string id,
        string user,
        JsonBody<ShareRequest> body,
        HttpContext context,
        IGrainFactory grains,
        GrainCalls calls,
        AddressGuesses guesses)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file or folder");
        var (throttled, taken) = await guesses.TakeAsync(context, user);
        if (throttled is not null)
            return throttled;
        var result = await calls.RepeatableAsync(
            (file, user, body.Value.Role), static (call, token) => call.file.ShareAsync(call.user, call.Role, token));
        if (result.Refusal is not { Reason: RefusalReason.NotFound })
            guesses.Return(context, taken);
        if (result.Refusal is { } refusal)
            return Problem.From(refusal);
        // Ended by somebody in the same moment.
        return result.Shares is [var share] ? TypedResults.Ok(ShareAnswer.From(share)) : GrainLookup.NoSuch("share");
    }

    private static async Task<Results<NoContent, Problem>> UnshareAsync(string id, string user, IGrainFactory grains, GrainCalls calls)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file or folder");
        // Not twice: what has ended is not found by a repeat.
        var result = await calls.OnceAsync((file, user), static (call, token) => call.file.UnshareAsync(call.user, token));
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.NoContent();
    }
}

using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Files;

/// <summary>Transfers of ownership: <c>/v1/files/{id}/transfer</c> and the list of offers at <c>/v1/transfers</c>.</summary>
internal static class TransferEndpoints
{
    /// <summary>Adds the endpoints.</summary>
    public static void MapTransfers(this IEndpointRouteBuilder app)
    {
        var own = app.MapGroup("/v1").WithTags("Transfers").RequireAuthorization().Refuses(400, 401, 429, 503);
        own.MapPost("/files/{id}/transfer", OfferAsync).WithSummary("Offers an entry to another user, by id or email; a new offer takes the place of the old one.")
            .Refuses(403, 404, 408, 409, 413, 415);
        own.MapPost("/files/{id}/transfer/accept", AcceptAsync).WithSummary("Accepts an offer: the entry is the caller's; may be repeated.").Refuses(404, 409, 413, 507);
        own.MapDelete("/files/{id}/transfer", EndAsync).WithSummary("Declines or withdraws an offer.").Refuses(404);
        own.MapGet("/transfers", ListAsync).WithSummary("Open offers that the caller has got, or has made with direction=outgoing.");
    }

    private static async Task<Results<Created<TransferAnswer>, Problem>> OfferAsync(
        string id, JsonBody<TransferRequest> body, HttpContext context, IGrainFactory grains, GrainCalls calls, AddressGuesses guesses)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file or folder");
        var (throttled, taken) = await guesses.TakeAsync(context, body.Value.To);
        if (throttled is not null)
            return throttled;
        var result = await calls.RepeatableAsync((file, body.Value.To), static (call, token) => call.file.OfferTransferAsync(call.To, token));
        if (result.Refusal is not { Reason: RefusalReason.NotFound })
            guesses.Return(context, taken);
        return result.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Created($"/v1/files/{id}/transfer", TransferAnswer.From(result.Transfer!));
    }

    private static async Task<Results<Ok<FileAnswer>, Problem>> AcceptAsync(string id, HttpResponse response, IGrainFactory grains, GrainCalls calls)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("transfer");
        return EntryTags.Answer(response, await calls.RepeatableAsync(file, static (file, token) => file.AcceptTransferAsync(token)));
    }

    private static async Task<Results<NoContent, Problem>> EndAsync(string id, IGrainFactory grains, GrainCalls calls)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("transfer");
        // Not twice: what has ended is not found by a repeat.
        var result = await calls.OnceAsync(file, static (file, token) => file.EndTransferAsync(token));
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.NoContent();
    }

    private static async Task<Results<Ok<TransferPageAnswer>, Problem>> ListAsync(
        string? direction, string? cursor, int? limit, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        if (direction is not (null or "incoming" or "outgoing"))
            return Problem.Invalid("direction must be incoming or outgoing.");
        var page = await calls.RepeatableAsync(
            (User: grains.CallingUser(), IsOutgoing: direction == "outgoing", cursor, Limit: Checks.Limit(limit)),
            static (call, token) => call.User.ListTransfersAsync(call.IsOutgoing, call.cursor, call.Limit, token),
            cancellationToken);
        return page.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Ok(new TransferPageAnswer(page.Transfers.ConvertAll(TransferAnswer.From), page.NextCursor));
    }
}

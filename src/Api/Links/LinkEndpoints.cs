using System.Security.Cryptography;
using System.Text;
using GrainVault.Api.Auth;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.Uploads;
using GrainVault.Links;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.Api.Links;

/// <summary>Links as their owners manage them: <c>/v1/files/{id}/links</c> and <c>/v1/links</c>.</summary>
internal static class LinkEndpoints
{
    /// <summary>Adds the endpoints.</summary>
    public static void MapLinks(this IEndpointRouteBuilder app)
    {
        var links = app.MapGroup("/v1").WithTags("Links").RequireAuthorization().Refuses(400, 401, 403, 404, 429, 503);
        links.MapPost("/files/{id}/links", CreateAsync).WithSummary("Makes a link to an entry of the caller's. The answer alone tells its URL.")
            .WithMetadata(TakesIdempotencyKey.Instance).Refuses(408, 409, 413, 415, 422);
        links.MapGet("/files/{id}/links", ListAsync).WithSummary("Links to an entry of the caller's, without their URLs.");
        links.MapDelete("/links/{linkId}", RevokeAsync).WithSummary("Ends a link.");
    }

    private static async Task<Results<Created<LinkAnswer>, Problem>> CreateAsync(
        string id, OptionalJsonBody<CreateLinkRequest> body, HttpContext context, IGrainFactory grains, GrainCalls calls, SigningKeyRing keys)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file or folder");
        var request = body.Value ?? new CreateLinkRequest();
        // What is kept of a request must not help to guess the password.
        var fingerprint = IdempotencyKeys.Fingerprint(request.Password is null ? request : request with { Password = "" }, ApiJson.Default.CreateLinkRequest);
        var proposed = Ids.New(Ids.Link);
        var linkId = await IdempotencyKeys.BindAsync(context.Request, grains, calls, fingerprint, proposed);
        var token = context.Request.Headers.ContainsKey(IdempotencyKeys.Header) ? RepeatableToken(keys, linkId) : LinkTokens.New();
        var command = new CreateLinkCommand(
            linkId, LinkTokens.Hash(token), request.Role ?? LinkRole.View, request.Password, request.ExpiresAt, request.MaxDownloads,
            request.MaxFiles, request.MaxBytes);
        var result = await calls.RepeatableAsync((file, command), static (call, token) => call.file.CreateLinkAsync(call.command, token));
        if (result.Refusal is { } refusal)
            return Problem.From(refusal);
        // Revoked in the same moment.
        if (result.Links is not [var link])
            return GrainLookup.NoSuch("link");
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created($"/v1/links/{link.Id}", LinkAnswer.From(link, PublicUrl.Of(context.Request, $"/s/{token}")));
    }

    private static async Task<Results<Ok<LinksAnswer>, Problem>> ListAsync(string id, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        if (grains.FindFile(id) is not { } file)
            return GrainLookup.NoSuch("file or folder");
        var result = await calls.RepeatableAsync(file, static (file, token) => file.ListLinksAsync(token), cancellationToken);
        return result.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Ok(new LinksAnswer(result.Links.ConvertAll(link => LinkAnswer.From(link))));
    }

    private static async Task<Results<NoContent, Problem>> RevokeAsync(string linkId, IGrainFactory grains, GrainCalls calls)
    {
        // Not twice: what has ended is not found by a repeat.
        var result = await calls.OnceAsync((User: grains.CallingUser(), linkId), static (call, token) => call.User.RevokeLinkAsync(call.linkId, token));
        return result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.NoContent();
    }

    // With an idempotency key, a repeat must get the URL again, which nobody keeps: so it is computed anew, from what only front ends know. It
    // is as hard to guess as what the tokens of logins are signed with. After a change of that key a repeat is refused.
    private static string RepeatableToken(SigningKeyRing keys, string linkId) =>
        LinkTokens.From(HMACSHA256.HashData(((SymmetricSecurityKey)keys.Active.Credentials.Key).Key, Encoding.ASCII.GetBytes($"token of the link {linkId}")));
}

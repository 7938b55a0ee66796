using GrainVault.Api.Files;
using GrainVault.Api.Http;
using GrainVault.Api.Shedding;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Links;

/// <summary>What visitors of a link ask for: <c>/s/{token}</c>. No token of a login is looked at.</summary>
internal static class VisitEndpoints
{
    private static readonly string[] Reading = ["GET", "HEAD"];

    /// <summary>Adds the endpoints.</summary>
    public static void MapVisits(this IEndpointRouteBuilder app)
    {
        var visits = app.MapGroup("/s/{token}").WithTags("Visitors").WithMetadata(TakesLinkPassword.Instance).Refuses(400, 401, 404, 429, 503);
        visits.MapMethods("/content", Reading, GetContentAsync).WithSummary("Content of the linked file. redirect=true sends to a URL of the store, where downloads are not limited.")
            .SendsContent();
        visits.MapGet("/files", ListAsync).WithSummary("A page of the linked folder, or of one below it (parentId), by name.");
        visits.MapMethods("/files/{fileId}/content", Reading, GetContentAsync).WithSummary("Content of a file below the linked folder.").SendsContent();
        visits.MapLinkZip();
    }

    private static void SendsContent(this RouteHandlerBuilder endpoint) =>
        endpoint.SendsBytes().Weighs(RequestWeight.Change).WithMetadata(TakesDownloadTicket.Instance)
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status307TemporaryRedirect)).Refuses(412, 416);

    private static async Task<Results<Ok<LinkedPageAnswer>, Problem>> ListAsync(
        string token, string? parentId, string? cursor, int? limit, HttpContext context, LinkVisits visits)
    {
        var count = Checks.Limit(limit);
        var (problem, page) = await visits.CallAsync(
            context, token, (link, pass, end) => link.ListAsync(pass, parentId, cursor, count, end), page => page.Refusal);
        if (problem is not null)
            return problem;
        context.Response.Headers.CacheControl = LinkVisits.CacheControl;
        return TypedResults.Ok(new LinkedPageAnswer(page!.Entries.ConvertAll(LinkedEntryAnswer.From), page.NextCursor));
    }

    private static async Task<IResult> GetContentAsync(
        string token, string? fileId, bool? redirect, HttpContext context, LinkVisits visits, ContentReader reader, ContentRedirects redirects, TimeProvider time)
    {
        var request = context.Request;
        // What sends no bytes is free: conditions and ranges are looked at before a download is counted.
        var mayBeFree = !HttpMethods.IsGet(request.Method) || IsConditional(request);
        long? lengthBytes = null;
        var (problem, opened) = await OpenAsync(isDownload: !mayBeFree);
        if (problem is null && mayBeFree)
        {
            lengthBytes = FileContent.LengthToSend(request, opened!.Content!, time);
            if (lengthBytes is not null)
                (problem, opened) = await OpenAsync(isDownload: true);
        }

        if (problem is not null)
            return problem;
        if (opened!.Ticket is { } ticket)
            LinkTicketHeaders.Write(context, ticket, opened.TicketLifetime);
        if (redirect == true && !opened.IsLimited && ContentRedirects.Suits(request)
            && await redirects.FindAsync(opened.Content!, context.RequestAborted) is { } elsewhere)
            return elsewhere;
        var content = new FileContent(opened.Content!, reader, time) { CacheControl = LinkVisits.CacheControl };
        return (opened.Ticket ?? LinkTicketHeaders.Read(request)) is { } used && (lengthBytes ?? (mayBeFree ? null : opened.Content!.SizeBytes)) is { } taken
            ? new LinkedContent(content, taken, token, used, visits)
            : content;

        Task<(Problem? Problem, GrainVault.Links.LinkContentResult? Result)> OpenAsync(bool isDownload) => visits.CallAsync(
            context, token, (link, pass, end) => link.OpenContentAsync(pass with { LengthBytes = lengthBytes }, fileId, isDownload, end), result => result.Refusal, isRepeatable: !isDownload);
    }

    private static bool IsConditional(HttpRequest request)
    {
        var headers = request.Headers;
        return headers.Range.Count + headers.IfMatch.Count + headers.IfNoneMatch.Count + headers.IfModifiedSince.Count + headers.IfUnmodifiedSince.Count > 0;
    }
}

using System.Security.Claims;
using GrainVault.Accounts;
using GrainVault.Api.Auth;
using GrainVault.Api.Files;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using GrainVault.Api.Shedding;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Archives;

/// <summary>Zip archives of folders and selections: <c>/v1/folders/{id}/zip</c> and <c>/v1/zip</c>.</summary>
internal static class ZipEndpoints
{
    /// <summary>What an archive of several entries is called.</summary>
    private const string SelectionName = "files";

    /// <summary>Adds the endpoints.</summary>
    public static void MapArchives(this IEndpointRouteBuilder app)
    {
        var archives = app.MapGroup("/v1").WithTags("Archives").Refuses(400, 401, 404, 413, 429, 503);
        archives.MapGet("/folders/{id}/zip", GetFolderAsync).WithSummary("A folder with all that is below it as a zip archive.")
            .RequireAuthorization().SendsZip().Weighs(RequestWeight.Change);
        archives.MapGet("/zip", GetAsync).WithSummary("Files and folders as a zip archive: by ids, or by the ticket of a URL that was asked for.")
            .WithMetadata(TokenOptional.Instance).SendsZip().Weighs(RequestWeight.Change).Refuses(403);
        archives.MapPost("/zip", AskAsync).WithSummary("A URL of a zip archive that needs no token, for browsers.")
            .RequireAuthorization().Refuses(408, 415);
    }

    private static Task<IResult> GetFolderAsync(string id, HttpContext context, [AsParameters] ZipServices services, CancellationToken cancellationToken) =>
        OpenAsync(services, services.Grains.CallingUser(), Caller.UserId!, services.LoginOf(context.User), [id], cancellationToken);

    private static async Task<IResult> GetAsync(
        string? ids, string? ticket, HttpContext context, [AsParameters] ZipServices services, CancellationToken cancellationToken)
    {
        if (ticket is null)
        {
            return Caller.UserId is null
                ? new Problem(ProblemTypes.Unauthorized, "This needs a valid access token in the Authorization header, or a ticket.")
                : await OpenAsync(services, services.Grains.CallingUser(), Caller.UserId!, services.LoginOf(context.User), ids?.Split(',') ?? [], cancellationToken);
        }

        var dot = ticket.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || ids is not null || !Ids.IsValid(Ids.User, ticket[..dot]))
            return NoTicket;
        var user = services.Grains.GetGrain<IUserGrain>(ticket[..dot]);
        var opened = await services.Calls.RepeatableAsync(
            (user, Ticket: ticket[(dot + 1)..]), static (call, token) => call.user.OpenArchiveTicketAsync(call.Ticket, token), cancellationToken);
        if (opened.Refusal is not null)
            return NoTicket;
        var login = opened.LoginId.Length == 0 ? null : services.LoginOf(opened.LoginId);
        if (login is not null && !await login.IsAliveAsync(cancellationToken))
            return NoTicket;
        return await OpenAsync(services, user, ticket[..dot], login, opened.Ids, cancellationToken);
    }

    private static async Task<Results<Ok<ZipAnswer>, Problem>> AskAsync(JsonBody<ZipRequest> body, HttpContext context, IGrainFactory grains, GrainCalls calls)
    {
        if (body.Value.Ids.Any(id => id is null))
            return Problem.Invalid("An element of ids is null.");
        var result = await calls.RepeatableAsync(
            (User: grains.CallingUser(), Ids: body.Value.Ids.ToArray(), Login: LoginWatch.LoginIdOf(context.User)!),
            static (call, token) => call.User.IssueArchiveTicketOfLoginAsync(call.Ids, call.Login, token));
        if (result.Refusal is { } refusal)
            return Problem.From(refusal);
        // Whoever has the URL has the right: nobody on the way may keep it.
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(new ZipAnswer(PublicUrl.Of(context.Request, $"/v1/zip?ticket={Caller.UserId}.{result.Ticket}"), result.ExpiresAt));
    }

    /// <summary>Everything that can be refused is refused before the first byte.</summary>
    private static async Task<IResult> OpenAsync(
        ZipServices services, IUserGrain user, string userId, LoginWatch? login, string[] ids, CancellationToken cancellationToken)
    {
        // Who presents a ticket acts as who asked for it.
        Caller.SetUser(userId, null);
        var limits = services.Limits;
        var measured = await services.Calls.RepeatableAsync(
            (user, ids, CountMax: limits.ZipEntryCountMax + 1), static (call, token) => call.user.MeasureArchiveAsync(call.ids, call.CountMax, token), cancellationToken);
        if (measured.Refusal is { } refusal)
            return Problem.From(refusal);
        if (limits.CheckArchive(measured) is { } problem)
            return problem;
        var (refused, place) = services.Places.TryEnter(userId);
        return refused is not null ? refused : new ZipDownload(
            measured.Roots is [var only] ? only.Name : SelectionName, measured.Roots, ArchiveWalk.Of(user, userId, login, services.Calls), services.Reader, limits, place!);
    }

    private static Problem NoTicket => new(ProblemTypes.Forbidden, "The ticket has expired, or is not one of this system; ask for another.");
}

/// <summary>What making an archive needs.</summary>
internal sealed record ZipServices(
    IGrainFactory Grains, GrainCalls Calls, ContentReader Reader, FrontEndLimits Limits, ZipPlaces Places, RevokedLogins Revoked, TimeProvider Time)
{
    /// <summary>The login of a token.</summary>
    public LoginWatch LoginOf(ClaimsPrincipal user) => LoginWatch.Of(user, Revoked, Grains, Calls, Time);

    /// <summary>A login that no token is there of.</summary>
    public LoginWatch LoginOf(string loginId) => LoginWatch.Of(loginId, DateTimeOffset.MinValue, Revoked, Grains, Calls, Time);
}

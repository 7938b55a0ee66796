using System.Globalization;
using GrainVault.Api.Auth;
using GrainVault.Api.Http;
using GrainVault.Changes;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace GrainVault.Api.Changes;

/// <summary><c>/v1/changes</c> and <c>/v1/events</c>.</summary>
internal static class ChangeEndpoints
{
    /// <summary>Adds the endpoints.</summary>
    public static void MapChanges(this IEndpointRouteBuilder app)
    {
        var own = app.MapGroup("/v1").WithTags("Changes").RequireAuthorization().Refuses(400, 401, 410, 429, 503);
        own.MapGet("/changes", ReadAsync).WithSummary("What changed of the caller's entries and of those shared with him, after a cursor; without one, everything.");
        own.MapGet("/events", StreamAsync).WithSummary("The same as server-sent events, and progress of the caller's uploads.")
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/event-stream"]));
    }

    private static async Task<Results<Ok<ChangePageAnswer>, Problem>> ReadAsync(
        string? cursor, int? limit, int? wait, FeedReader feed, ChangesSettings settings, IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        var longest = TimeSpan.FromSeconds(wait ?? 0);
        if (longest < TimeSpan.Zero || longest > settings.WaitMax)
            return Problem.Invalid(string.Create(CultureInfo.InvariantCulture, $"A wait is 0 to {(int)settings.WaitMax.TotalSeconds} seconds."));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var page = await feed.ReadAsync(Caller.UserId!, cursor, Checks.Limit(limit), longest, end.Token);
        return page.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.Ok(ChangePageAnswer.From(page));
    }

    private static async Task<IResult> StreamAsync(
        [FromQuery] string? cursor,
        [FromHeader(Name = "Last-Event-ID")] string? lastEventId,
        HttpContext context,
        FeedReader feed,
        IGrainFactory grains,
        EventStreams streams,
        ChangesSettings settings,
        RevokedLogins revoked,
        TimeProvider time,
        IHostApplicationLifetime lifetime)
    {
        var user = Caller.UserId!;
        if (streams.TryEnter(user) is { } refused)
            return refused;
        try
        {
            // Whoever comes back says what he had last.
            var from = !string.IsNullOrEmpty(lastEventId) ? lastEventId : cursor ?? ChangeFeedCursors.Now;
            var first = await feed.ReadAsync(user, from, EventStream.PageLength, TimeSpan.Zero, context.RequestAborted);
            if (first.Refusal is { } refusal)
                return Problem.From(refusal);
            await new EventStream(context, user, feed, grains, streams, settings, revoked, time).RunAsync(first, lifetime.ApplicationStopping);
            return Results.Empty;
        }
        finally
        {
            streams.Leave(user);
        }
    }
}

using GrainVault.Administration;
using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Administration;

/// <summary><c>/v1/admin</c>. Everybody but administrators gets 403, which the grain decides by the account and not by the token.</summary>
internal static class AdminEndpoints
{
    /// <summary>Adds the endpoints.</summary>
    public static void MapAdministration(this IEndpointRouteBuilder app)
    {
        var admin = app.MapGroup("/v1/admin").WithTags("Administration").RequireAuthorization().Refuses(400, 401, 403, 429, 503);
        admin.MapGet("/users", ListUsersAsync).WithSummary("A page of all users with quota and usage, by address.");
        admin.MapGet("/users/{id}", GetUserAsync).WithSummary("One user with quota and usage.").Refuses(404);
        admin.MapPatch("/users/{id}", ChangeUserAsync).WithSummary("Changes a user's quota at once; may be repeated.").Refuses(404, 408, 413, 415);
        admin.MapGet("/users/{id}/sessions", ListSessionsAsync).WithSummary("A page of a user's unfinished upload sessions, newest first.").Refuses(404);
        admin.MapGet("/uploads", ListUploadsAsync).WithSummary("A page of all users' unfinished upload sessions, by user.");
        admin.MapGet("/storage-activity", ListActivityAsync).WithSummary("Calls of the object store, newest first.");
    }

    private static async Task<Results<Ok<ActivityPageAnswer>, Problem>> ListActivityAsync(
        [AsParameters] ActivityParameters parameters, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        var page = await calls.RepeatableAsync(
            (Admin: grains.CallingAdministrator(), Query: parameters.ToQuery()), static (call, token) => call.Admin.ListStoreCallsAsync(call.Query, token), cancellationToken);
        return page.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Ok(new ActivityPageAnswer(page.Calls.ConvertAll(ActivityAnswer.From), page.NextCursor));
    }

    private static async Task<Results<Ok<UserPageAnswer>, Problem>> ListUsersAsync(
        string? email, string? cursor, int? limit, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        var page = await calls.RepeatableAsync(
            (Admin: grains.CallingAdministrator(), email, cursor, Limit: Checks.Limit(limit)),
            static (call, token) => call.Admin.ListUsersAsync(call.email, call.cursor, call.Limit, token),
            cancellationToken);
        return page.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Ok(new UserPageAnswer(page.Users.ConvertAll(UserAnswer.From), page.NextCursor));
    }

    private static async Task<Results<Ok<UserAnswer>, Problem>> GetUserAsync(string id, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken) =>
        Result(await calls.RepeatableAsync((Admin: grains.CallingAdministrator(), id), static (call, token) => call.Admin.GetUserAsync(call.id, token), cancellationToken));

    private static async Task<Results<Ok<UserAnswer>, Problem>> ChangeUserAsync(string id, JsonBody<ChangeUserRequest> body, IGrainFactory grains, GrainCalls calls) =>
        Result(await calls.RepeatableAsync(
            (Admin: grains.CallingAdministrator(), id, body.Value.QuotaBytes), static (call, token) => call.Admin.SetQuotaAsync(call.id, call.QuotaBytes, token)));

    private static Task<Results<Ok<SessionPageAnswer>, Problem>> ListSessionsAsync(
        string id, string? cursor, int? limit, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken) =>
        SessionsAsync(id, cursor, limit, grains, calls, cancellationToken);

    private static Task<Results<Ok<SessionPageAnswer>, Problem>> ListUploadsAsync(
        string? cursor, int? limit, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken) =>
        SessionsAsync(null, cursor, limit, grains, calls, cancellationToken);

    private static async Task<Results<Ok<SessionPageAnswer>, Problem>> SessionsAsync(
        string? userId, string? cursor, int? limit, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        var page = await calls.RepeatableAsync(
            (Admin: grains.CallingAdministrator(), userId, cursor, Limit: Checks.Limit(limit)),
            static (call, token) => call.Admin.ListUploadsAsync(call.userId, call.cursor, call.Limit, token),
            cancellationToken);
        return page.Refusal is { } refusal
            ? Problem.From(refusal)
            : TypedResults.Ok(new SessionPageAnswer(page.Sessions.ConvertAll(SessionAnswer.From), page.NextCursor));
    }

    private static Results<Ok<UserAnswer>, Problem> Result(UserResult result) =>
        result.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.Ok(UserAnswer.From(result.User!));
}

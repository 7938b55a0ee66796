using GrainVault.Api.Gateway;
using GrainVault.Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace GrainVault.Api.Audit;

/// <summary><c>/v1/audit</c> for the owner, <c>/v1/admin/audit</c> for administrators.</summary>
internal static class AuditEndpoints
{
    /// <summary>Adds the endpoints.</summary>
    public static void MapAudit(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/audit", ListOwnAsync).WithTags("Audit").WithSummary("Who did what to what is the caller's, newest first.")
            .RequireAuthorization().Refuses(400, 401, 429, 503);
        app.MapGet("/v1/admin/audit", ListAllAsync).WithTags("Administration").WithSummary("The audit of all users, newest first.")
            .RequireAuthorization().Refuses(400, 401, 403, 429, 503);
    }

    private static async Task<Results<Ok<AuditPageAnswer>, Problem>> ListOwnAsync(
        [AsParameters] AuditParameters parameters, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        var page = await calls.RepeatableAsync(
            (User: grains.CallingUser(), Query: parameters.ToQuery(null)), static (call, token) => call.User.ListAuditAsync(call.Query, token), cancellationToken);
        return page.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.Ok(AuditPageAnswer.From(page));
    }

    private static async Task<Results<Ok<AuditPageAnswer>, Problem>> ListAllAsync(
        [AsParameters] AuditParameters parameters, string? userId, IGrainFactory grains, GrainCalls calls, CancellationToken cancellationToken)
    {
        var page = await calls.RepeatableAsync(
            (Admin: grains.CallingAdministrator(), Query: parameters.ToQuery(userId)),
            static (call, token) => call.Admin.ListAuditAsync(call.Query, token),
            cancellationToken);
        return page.Refusal is { } refusal ? Problem.From(refusal) : TypedResults.Ok(AuditPageAnswer.From(page));
    }
}
